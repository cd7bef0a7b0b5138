import { fileURLToPath } from "node:url";
import { projectFile } from "../base/index.ts";

/** The folder of build-side code. It is the same in a checkout and in an installed package. */
export const stdenvFolder: string = fileURLToPath(projectFile("stdenv"));
