import type { Command } from "./command.ts";

type Entry = { readonly summary: string; readonly load: () => Promise<Command> };

/**
 * Every command, in the order of the help page. A name may have two words.
 *
 * A command's file is loaded when it is called, so that a start costs no more than the command needs.
 */
export const commands: Readonly<Record<string, Entry>> = {
  build: {
    summary: "build packages",
    load: async () => (await import("./commands/build.ts")).build,
  },
  run: {
    summary: "build a package and run its program",
    load: async () => (await import("./commands/run.ts")).run,
  },
  show: {
    summary: "show the phases, tools and outputs of packages",
    load: async () => (await import("./commands/show.ts")).show,
  },
  list: {
    summary: "list all packages",
    load: async () => (await import("./commands/list.ts")).list,
  },
  search: {
    summary: "find packages by words",
    load: async () => (await import("./commands/list.ts")).search,
  },
  source: {
    summary: "make the patched sources of packages",
    load: async () => (await import("./commands/source.ts")).source,
  },
  instantiate: {
    summary: "write the derivations of packages into the store",
    load: async () => (await import("./commands/instantiate.ts")).instantiateCommand,
  },
  why: {
    summary: "tell where an option's value comes from",
    load: async () => (await import("./commands/why.ts")).why,
  },
  options: {
    summary: "list the options of a package",
    load: async () => (await import("./commands/options.ts")).optionsCommand,
  },
  diff: {
    summary: "list what overlays or settings would change",
    load: async () => (await import("./commands/diff.ts")).diff,
  },
  "why-rebuild": {
    summary: "tell why a package has to be built again",
    load: async () => (await import("./commands/why-rebuild.ts")).whyRebuild,
  },
  eval: {
    summary: "evaluate packages and count what that takes",
    load: async () => (await import("./commands/eval.ts")).evalCommand,
  },
  "eval-jobs": {
    summary: "evaluate packages, a line of JSON each",
    load: async () => (await import("./commands/eval-jobs.ts")).evalJobs,
  },
  "hash path": {
    summary: "print the hash of the NAR of a path",
    load: async () => (await import("./commands/hash-path.ts")).hashPathCommand,
  },
  "hash file": {
    summary: "print the hash of the bytes of a file",
    load: async () => (await import("./commands/hash-file.ts")).hashFile,
  },
  "hash convert": {
    summary: "print hashes in another format",
    load: async () => (await import("./commands/hash-convert.ts")).hashConvert,
  },
  "derivation show": {
    summary: "print derivations as JSON",
    load: async () => (await import("./commands/derivation-show.ts")).derivationShow,
  },
  "derivation check": {
    summary: "check that derivations are as Nix would make them",
    load: async () => (await import("./commands/derivation-check.ts")).derivationCheck,
  },
  "derivation make": {
    summary: "make derivations from JSON",
    load: async () => (await import("./commands/derivation-make.ts")).derivationMake,
  },
  "store-path parse": {
    summary: "check store paths and print their parts",
    load: async () => (await import("./commands/store-path-parse.ts")).storePathParse,
  },
  "store-path make-text": {
    summary: "compute the path of a text",
    load: async () => (await import("./commands/store-path-make-text.ts")).storePathMakeText,
  },
  "store-path make-source": {
    summary: "compute the path of a file or tree by its NAR",
    load: async () => (await import("./commands/store-path-make-source.ts")).storePathMakeSource,
  },
  "store-path make-fixed": {
    summary: "compute the path of a fixed output",
    load: async () => (await import("./commands/store-path-make-fixed.ts")).storePathMakeFixed,
  },
  "store-path placeholder": {
    summary: "print what stands for outputs whose path is not known",
    load: async () => (await import("./commands/store-path-placeholder.ts")).storePathPlaceholder,
  },
  "nar dump": {
    summary: "write a path as a NAR",
    load: async () => (await import("./commands/nar-dump.ts")).narDump,
  },
  "nar restore": {
    summary: "make the tree of a NAR",
    load: async () => (await import("./commands/nar-restore.ts")).narRestore,
  },
  "nar list": {
    summary: "list what is in a NAR",
    load: async () => (await import("./commands/nar-list.ts")).narList,
  },
  "nar cat": {
    summary: "print a file in a NAR",
    load: async () => (await import("./commands/nar-cat.ts")).narCat,
  },
  "nar hash": {
    summary: "print the hash and the size of a NAR file",
    load: async () => (await import("./commands/nar-hash.ts")).narHash,
  },
  "store root": {
    summary: "print the root folder of the store",
    load: async () => (await import("./commands/store-root.ts")).storeRoot,
  },
  "store add": {
    summary: "copy files and trees into the store",
    load: async () => (await import("./commands/store-add.ts")).storeAdd,
  },
  "store info": {
    summary: "say what the store knows of paths",
    load: async () => (await import("./commands/store-info.ts")).storeInfo,
  },
  "store references": {
    summary: "list what paths refer to",
    load: async () => (await import("./commands/store-query.ts")).storeReferences,
  },
  "store referrers": {
    summary: "list what refers to paths",
    load: async () => (await import("./commands/store-query.ts")).storeReferrers,
  },
  "store closure": {
    summary: "list paths and all that they refer to",
    load: async () => (await import("./commands/store-query.ts")).storeClosure,
  },
  "store export": {
    summary: "write paths for another store",
    load: async () => (await import("./commands/store-export.ts")).storeExport,
  },
  "store import": {
    summary: "add what another store exported",
    load: async () => (await import("./commands/store-import.ts")).storeImport,
  },
  "store add-root": {
    summary: "keep a path for as long as a symlink is there",
    load: async () => (await import("./commands/store-add-root.ts")).storeAddRoot,
  },
  "store delete": {
    summary: "delete paths that nothing needs",
    load: async () => (await import("./commands/store-delete.ts")).storeDelete,
  },
  "store gc": {
    summary: "delete what nothing needs",
    load: async () => (await import("./commands/store-gc.ts")).storeGc,
  },
  "store verify": {
    summary: "check what is in the store",
    load: async () => (await import("./commands/store-verify.ts")).storeVerify,
  },
  "store optimise": {
    summary: "save space by hard links",
    load: async () => (await import("./commands/store-optimise.ts")).storeOptimise,
  },
  realise: {
    summary: "build what derivations make",
    load: async () => (await import("./commands/realise.ts")).realiseCommand,
  },
  log: {
    summary: "print the log of a build",
    load: async () => (await import("./commands/log.ts")).log,
  },
  explain: {
    summary: "say what an error code means and what to do",
    load: async () => (await import("./commands/explain.ts")).explain,
  },
  fetch: {
    summary: "fetch a file by URL or mirror, print its hash and store path",
    load: async () => (await import("./commands/fetch.ts")).fetch,
  },
  unpack: {
    summary: "unpack an archive that need not be trusted",
    load: async () => (await import("./commands/unpack.ts")).unpack,
  },
};
