/**
 * nix: to come.
 */
export {};
