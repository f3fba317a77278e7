/** What Node says of a certificate whose authority it does not know. */
export const untrusted = /self[- ]signed certificate|unable to (?:get|verify)/i;
