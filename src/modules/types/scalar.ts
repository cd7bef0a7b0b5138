/** Types of values that have no parts, and that several definitions must agree on. */
import { mergeEqual, misfits } from "./check.ts";
import { checkRange } from "./element.ts";
import { type JsonSchema, type Phrase, Type, type TypeFacts } from "./type.ts";

export type ScalarFacts = {
  readonly name: string;
  readonly description: string;
  readonly phrase?: Phrase;
  readonly check: (value: unknown) => boolean;
  readonly schema: JsonSchema;
  /** How definitions become one; all must be equal if it is not given. */
  readonly merge?: TypeFacts["merge"];
  readonly unite?: TypeFacts["unite"];
  readonly parts?: unknown;
};

/** Make a type out of a check of single values. */
export function scalar<V>(facts: ScalarFacts): Type<V, V> {
  const { check, merge = mergeEqual } = facts;
  const type: Type<V, V> = new Type<V, V>({
    name: facts.name,
    description: facts.description,
    phrase: facts.phrase ?? "noun",
    scalar: check,
    merge: (place, definitions) => misfits(definitions, check) ?? merge(place, definitions),
    schema: () => facts.schema,
    unite: facts.unite ?? ((other) => (other.description === type.description ? type : undefined)),
    parts: facts.parts,
  });
  return type;
}

export const bool: Type<boolean, boolean> = scalar({
  name: "bool",
  description: "boolean",
  check: (value) => typeof value === "boolean",
  schema: { type: "boolean" },
});

/** True if any definition is. */
export const boolByOr: Type<boolean, boolean> = scalar({
  name: "boolByOr",
  description: "boolean (merged using or)",
  check: (value) => typeof value === "boolean",
  merge: (_place, definitions) => definitions.some(({ value }) => value === true),
  schema: { type: "boolean" },
});

const isInt = (value: unknown): value is number => Number.isSafeInteger(value);

/** Whole numbers within ±(2^53 - 1). */
export const int: Type<number, number> = scalar({
  name: "int",
  description: "signed integer",
  check: isInt,
  schema: { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
});

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

/** Numbers, whole or not, but neither infinite nor NaN. */
export const float: Type<number, number> = scalar({
  name: "float",
  description: "floating point number",
  check: isNumber,
  schema: { type: "number" },
});

function bounded(
  name: string,
  description: string,
  phrase: Phrase,
  low: number,
  high: number,
): Type<number, number> {
  return scalar({
    name,
    description,
    phrase,
    check: (value) => isInt(value) && value >= low && value <= high,
    schema: {
      type: "integer",
      minimum: Math.max(low, Number.MIN_SAFE_INTEGER),
      maximum: Math.min(high, Number.MAX_SAFE_INTEGER),
    },
  });
}

function bits(count: number, signed: boolean): Type<number, number> {
  const low = signed ? -(2 ** (count - 1)) : 0;
  const high = signed ? 2 ** (count - 1) - 1 : 2 ** count - 1;
  const kind = signed ? "signed" : "unsigned";
  return bounded(
    `${kind}Int${count}`,
    `${count} bit ${kind} integer; between ${low} and ${high} (both inclusive)`,
    "noun",
    low,
    high,
  );
}

/** Whole numbers of a range. */
export const ints = {
  between: (low: number, high: number): Type<number, number> => {
    checkRange(low, high, "ints.between");
    return bounded("intBetween", `integer between ${low} and ${high} (both inclusive)`, "noun", low, high);
  },
  unsigned: bounded("unsignedInt", "unsigned integer, meaning >=0", "clause", 0, Infinity),
  positive: bounded("positiveInt", "positive integer, meaning >0", "clause", 1, Infinity),
  u8: bits(8, false),
  u16: bits(16, false),
  u32: bits(32, false),
  s8: bits(8, true),
  s16: bits(16, true),
  s32: bits(32, true),
} as const;

/** A port of TCP or UDP. */
export const port: Type<number, number> = ints.u16;

function numberIn(
  name: string,
  description: string,
  phrase: Phrase,
  check: (value: number) => boolean,
  schema: JsonSchema,
): Type<number, number> {
  return scalar({
    name,
    description,
    phrase,
    check: (value) => isNumber(value) && check(value),
    schema: { type: "number", ...schema },
  });
}

/** Numbers of a range, whole or not. */
export const numbers = {
  between: (low: number, high: number): Type<number, number> => {
    checkRange(low, high, "numbers.between");
    return numberIn(
      "numberBetween",
      `integer or floating point number between ${low} and ${high} (both inclusive)`,
      "noun",
      (value) => value >= low && value <= high,
      { minimum: low, maximum: high },
    );
  },
  nonnegative: numberIn(
    "numberNonnegative",
    "nonnegative integer or floating point number, meaning >=0",
    "clause",
    (value) => value >= 0,
    { minimum: 0 },
  ),
  positive: numberIn(
    "numberPositive",
    "positive integer or floating point number, meaning >0",
    "clause",
    (value) => value > 0,
    { exclusiveMinimum: 0 },
  ),
} as const;
