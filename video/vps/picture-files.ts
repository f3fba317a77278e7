/** What is made of an encoded video for those who do not play it yet. */
export const pictureFiles = {
  poster: 'poster.jpg',
  sheet: 'thumbnails.jpg',
  cues: 'thumbnails.vtt',
} as const;
