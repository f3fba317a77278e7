import { originOrNone } from './parsers.js';

/** By which origins browsers reach gateway and view, where these are apart. */
export const originSettings = {
  gatewayUrl: {
    flag: '--gateway-url <url>',
    default: 'none',
    help: 'where browsers reach the gateway, for the videos on the page; none: no videos',
    schema: originOrNone,
  },
  viewOrigin: {
    flag: '--view-origin <url>',
    default: 'none',
    help: 'where browsers reach the view, if its page is to show videos; none: no other page may ask',
    schema: originOrNone,
  },
} as const;
