// The built file of the package lies beside the page; here are its types.
export { default } from 'uplot';
