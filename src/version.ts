/** foldin's version, as in package.json. */
export const VERSION: string = FOLDIN_VERSION;
