/**
 * modules: to come.
 */
export {};
