// The built file of the package lies beside the page; here are its types.
export { MediaPlayer, type MediaPlayerClass } from 'dashjs';
