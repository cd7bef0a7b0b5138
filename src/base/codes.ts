/**
 * Every error code, by room, with the title of its page in `docs/errors/`.
 *
 * A code names what is wrong, not who found it. It is never reused for another meaning.
 */
export const codes = {
  // base
  "file-failed": "The system refused an operation on a file",
  "text-lone-surrogate": "A text holds half of a surrogate pair",
  "json-not-canonical": "A value has no canonical JSON",

  // phases
  "partition-unknown-phase": "A partition cuts after a phase that is not there",
  "partition-unreadable": "A text names no partition",
  "phase-bad-name": "A phase cannot have this name",
  "phase-bad-result": "A phase reports what its schema does not allow",
  "phase-branch": "A branch cannot stand in this place",
  "phase-cycle": "Phases follow each other in a circle",
  "phase-none": "A package has no phase",
  "phase-reads": "A phase reads a result that it cannot have",
  "phase-unknown": "A phase names another that does not exist",

  // nix
  "content-address-malformed": "A content address cannot be read",
  "hash-malformed": "A hash cannot be read",
  "narinfo-malformed": "A narinfo cannot be read or written",
  "signing-key-malformed": "A signing key cannot be read",
  "store-path-malformed": "A store path or its name is not valid",
  "derivation-cycle": "A derivation needs itself",
  "derivation-invalid": "The derivation breaks a rule of Nix",
  "derivation-json": "The JSON describes no derivation",
  "derivation-not-json": "The derivation cannot be said in JSON",
  "derivation-missing": "A derivation that another needs is not there",
  "derivation-syntax": "The file is no derivation",
  "json-syntax": "The text is not the JSON that cleave reads",
  "nar-file-changed": "A file changed while it was read",
  "nar-malformed": "The bytes are no NAR",
  "nar-no-such-path": "There is no such path in the NAR",
  "nar-target-exists": "What is to be restored exists already",
  "nar-too-large": "A NAR goes beyond a limit",
  "nar-unsupported-file": "A NAR cannot hold this kind of file",

  // store
  "store-busy": "The store's database is locked",
  "store-cycle": "Store paths refer to each other",
  "store-damaged": "The store cannot be read",
  "store-export-malformed": "A stream of exported paths is not well formed",
  "store-hash-mismatch": "Content differs from its hash",
  "store-invalid-path": "A store path is not valid",
  "store-no-place": "There is no place for a store",
  "store-no-space": "There is no space left for the store",
  "store-not-in-store": "A path is not in the store",
  "store-not-writable": "The store cannot be written",
  "store-path-alive": "A store path cannot be deleted",
  "store-root-occupied": "A garbage collector root cannot be made",
  "store-root-unreadable": "A garbage collector root cannot be read",
  "store-version": "The store has another schema",

  // modules
  "module-argument": "A module wants an argument that it does not get",
  "module-assertion": "An assertion of a module does not hold",
  "module-body": "The body of a module does not define",
  "module-eager-read": "A body reads an option while it runs",
  "module-invalid": "This is not a module",
  "module-reach": "A module reads or defines what it does not use",
  "option-assigned": "A configuration is changed by assignment",
  "option-condition": "A condition is no boolean",
  "option-conflict": "An option has definitions that contradict each other",
  "option-cycle": "An option needs its own value",
  "option-declaration": "An option is declared in ways that do not fit together",
  "option-name": "A name cannot be an attribute",
  "option-read-only": "A read-only option is defined more than once",
  "option-removed": "An option that is no more is used",
  "option-throws": "A definition throws",
  "option-type": "A definition has the wrong type",
  "option-undefined": "An option is read that nothing defines",
  "option-unknown": "There is no such option",
  "property-invalid": "A definition is wrapped in something that does not fit",

  // fetch
  "archive-limit": "An archive unpacks to more than is allowed",
  "archive-malformed": "An archive cannot be read",
  "archive-refused": "An archive holds what is not safe to unpack",
  "archive-unpack": "An archive cannot be unpacked to this place",
  "builtin-variable": "A derivation lacks what its builtin builder needs",
  "fetch-connection": "A server cannot be reached, or its connection broke",
  "fetch-destination": "A fetched file cannot be written",
  "fetch-failed": "None of several places has a file",
  "fetch-file": "A file of a file URL cannot be read",
  "fetch-host": "The name of a host has no address",
  "fetch-mirror": "There is no such mirror",
  "fetch-mismatch": "A fetched file does not have the expected hash",
  "fetch-redirect": "A server redirects to where cleave does not follow",
  "fetch-status": "A server does not give the file",
  "fetch-tls": "There is no safe connection to a server",
  "fetch-url": "A URL cannot be fetched",
  "mirrors-malformed": "The mirrors file cannot be read",

  // sandbox
  "sandbox-program": "The builder cannot be started",
  "sandbox-setup": "The sandbox could not be made",
  "sandbox-spec": "The sandbox cannot be made as it was asked for",
  "sandbox-unavailable": "This system has no sandbox to offer",

  // build
  "build-bad-attribute": "An attribute of a derivation has a form that no builder takes",
  "build-bad-output": "An output is of a kind that the store does not take",
  "build-collision": "Two packages of an environment have different things at one place",
  "build-failed": "A builder failed",
  "build-forbidden-reference": "An output refers to what its derivation forbids",
  "build-gate": "Outputs are not published because a check failed",
  "build-hash-mismatch": "A fixed output has another hash than its derivation says",
  "build-log-too-long": "A builder wrote more to its log than is allowed",
  "build-missing-input": "What a build needs is not in the store",
  "build-missing-output": "A builder has not made one of its outputs",
  "build-no-log": "There is no log of a build",
  "build-not-deterministic": "A derivation that was built again has not made the same",
  "build-no-output": "A derivation has no output of this name",
  "build-platform": "A derivation is for another machine",
  "build-timeout": "A build took too long, or was silent for too long",
  "build-too-large": "An output is larger than its derivation allows",
  "build-unsupported": "This builder cannot build such a derivation",

  // package
  "package-data": "Data for a build is not JSON",
  "package-fetch": "What is to be fetched is not described right",
  "package-interpreter": "A phase names an interpreter that there is not",
  "package-no-source": "A package has no source as a tree",
  "package-output": "A package names an output that it does not have",
  "package-platform": "A platform is not known",
  "package-undeclared-path": "Data names a store path that the phase does not declare",
  "script-invalid": "A script of a phase does not compile",

  // run
  "run-no-program": "A package does not have a program of this name",
  "run-platform": "A program is for another machine",

  // recipes
  "attribute-unknown": "A package set has no such attribute",
  "budget-exceeded": "Counts of an evaluation have grown beyond a budget",
  "budget-malformed": "A budget of counts cannot be read",
  "overlay-invalid": "An overlay exports no record of modules",
  "package-cycle": "Packages need each other in a circle",
  "rebuild-unknown": "There is nothing to compare a package with",
  "recipe-file": "A file that a recipe reads is not there or cannot be read",
  "recipe-forbidden": "A recipe does what no recipe may do",
  "recipe-import": "An import of a recipe leads nowhere",
  "recipe-outside": "A recipe reaches for a file outside of its source folder",
  "recipe-overflow": "A recipe overflows the stack",
  "recipe-syntax": "A recipe cannot be parsed",
  "recipe-throws": "A recipe throws while it is loaded",
  "setting-malformed": "A setting names no option of a package",

  // cli
  "cli-no-folder": "The working folder is gone",
  "cli-unknown-command": "There is no such command",
  "cli-usage": "The command does not take these arguments",
  "cli-unknown-code": "There is no such error code",
} as const;

/** One of the codes that a user can meet. */
export type ErrorCode = keyof typeof codes;
