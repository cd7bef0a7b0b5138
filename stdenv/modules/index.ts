/** stdenv: the modules that recipes use. */
export { autotools } from "./autotools.ts";
export { cc } from "./cc.ts";
export { lua, quickjs, sh } from "./interpreters.ts";
export { make } from "./make.ts";
export { repeatMake } from "./repeat.ts";
export { standard } from "./standard.ts";
