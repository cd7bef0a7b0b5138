/** `cleave/phase` for the compiler, where cleave is installed: the library of phase scripts, and what it has of QuickJS. */
/// <reference path="../stdenv/runner/native.d.ts" />
export * from "../dist/stdenv/interpreters/quickjs/index.js";
