// Stroke drawings on a 24 by 24 grid.
export const CHAT = ["M4 5h16v11H9l-5 4z", "M8 9h8", "M8 12h5"];
export const CLOSE = ["M6 6l12 12", "M18 6L6 18"];
export const MENU = ["M4 7h16", "M4 12h16", "M4 17h16"];
export const WIDEN = ["M14 4h6v6", "M20 4l-7 7", "M10 20H4v-6", "M4 20l7-7"];
export const SEND = ["M4 12l16-8-5 16-4-6z", "M20 4l-9 10"];
export const DOWN = ["M12 5v14", "M6 13l6 6 6-6"];
export const UP_THUMB = ["M7 11l3.5-7.5c1.6 0 2.5 1 2.5 2.5v4h5.3a2 2 0 0 1 2 2.3l-1.1 6a2 2 0 0 1-2 1.7H7z", "M3.5 11H7v9H3.5z"];
export const DOWN_THUMB = ["M17 13l-3.5 7.5c-1.6 0-2.5-1-2.5-2.5v-4H5.7a2 2 0 0 1-2-2.3l1.1-6a2 2 0 0 1 2-1.7H17z", "M20.5 13H17V4h3.5z"];
export const PHONE = ["M6 3h4l1.5 5-2.5 1.5a12 12 0 0 0 5.5 5.5L16 12.5l5 1.5v4a2 2 0 0 1-2 2A16 16 0 0 1 4 5a2 2 0 0 1 2-2z"];
export const CARE = ["M12 20s-7-4.5-7-10a4 4 0 0 1 7-2.6A4 4 0 0 1 19 10c0 5.5-7 10-7 10z"];

// The four steps of the procedure, in the order they happen.
export const STEPS = [
  ["M8 3h8", "M9 3v13a3 3 0 0 0 6 0V3", "M9 11h6"],
  ["M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16", "M10 9.5a2 2 0 1 1 0 4 2 2 0 0 1 0-4", "M15 7.5h.01", "M16 12h.01", "M14.5 16h.01", "M8.5 16.5h.01"],
  ["M18 2.5l3.5 3.5", "M19.5 4.5l-3 3", "M13.5 4.5l6 6", "M15 6l-9 9v3h3l9-9", "M6 18l-3.5 3.5", "M12.5 8.5l2 2", "M9.5 11.5l2 2"],
  ["M2.5 19c4.5-1.5 14.5-1.5 19 0", "M7 17.5c-1-5 0-8.5 2.5-12", "M12 17c-.5-6 .5-10 3-13", "M17 17.5c-.5-4 .5-7 2.5-9.5"],
];
