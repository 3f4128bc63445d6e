/** The page's icon; without one a browser asks for it and meets an error. */
export const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="4" fill="#1b1f24"/><circle cx="8" cy="8" r="3.5" fill="#4ac26b"/></svg>'
