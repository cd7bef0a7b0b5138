import { openLocalStore } from "../../src/store/index.ts";
import { conformance } from "./conformance.ts";

conformance("local store", (folder) => openLocalStore({ root: folder }));
