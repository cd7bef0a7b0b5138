/**
 * Checks a value against a JSON Schema: the keywords that describe results, which are those that TypeBox writes.
 *
 * A keyword that is not known here is an error: what it asks for would go unchecked. Annotations are known.
 */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

type JsonObject = { readonly [name: string]: JsonValue };

/** Check one keyword: call `report` with the place in the value and what must be there. */
type Check = (rule: JsonValue, value: JsonValue, at: string, schema: JsonObject, report: Report) => void;
type Report = (at: string, what: string) => void;

/** Tell what is wrong with a value, each with the place as a JSON pointer, empty for the whole. */
export function mismatches(schema: JsonValue, value: JsonValue, at = ""): string[] {
  const found: string[] = [];
  const report: Report = (place, what) => found.push(`${place === "" ? "the value" : place} ${what}`);
  checkValue(schema, value, at, report);
  return found;
}

function checkValue(schema: JsonValue, value: JsonValue, at: string, report: Report): void {
  if (schema === true) return;
  if (schema === false) {
    report(at, "must not be there");
    return;
  }
  if (!isObject(schema)) throw new Error(`a schema is an object, not ${JSON.stringify(schema)}`);
  for (const [keyword, rule] of Object.entries(schema)) {
    if (annotations.has(keyword)) continue;
    const check = checks[keyword];
    if (check === undefined) throw new Error(`the keyword ${keyword} of a schema is not known`);
    check(rule, value, at, schema, report);
  }
}

const annotations: ReadonlySet<string> = new Set(
  "$id $schema $comment title description default examples readOnly writeOnly deprecated format".split(" "),
);

const types: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  string: (value) => typeof value === "string",
  array: (value) => Array.isArray(value),
  object: isObject,
};

const checks: Readonly<Record<string, Check | undefined>> = {
  type: (rule, value, at, _, report) => {
    const names = Array.isArray(rule) ? rule : [rule];
    if (!names.some((name) => types[name]?.(value))) report(at, `must be ${names.join(" or ")}`);
  },
  const: (rule, value, at, _, report) => {
    if (!same(rule, value)) report(at, `must be ${JSON.stringify(rule)}`);
  },
  enum: (rule, value, at, _, report) => {
    if (!items(rule).some((each) => same(each, value)))
      report(
        at,
        `must be one of ${items(rule)
          .map((each) => JSON.stringify(each))
          .join(", ")}`,
      );
  },
  anyOf: (rule, value, at, _, report) => {
    if (!items(rule).some((each) => mismatches(each, value).length === 0))
      report(at, "must match one of the schemas of anyOf");
  },
  oneOf: (rule, value, at, _, report) => {
    if (items(rule).filter((each) => mismatches(each, value).length === 0).length !== 1)
      report(at, "must match exactly one of the schemas of oneOf");
  },
  allOf: (rule, value, at, _, report) => {
    for (const each of items(rule)) checkValue(each, value, at, report);
  },
  not: (rule, value, at, _, report) => {
    if (mismatches(rule, value).length === 0) report(at, "must not match the schema of not");
  },
  required: (rule, value, at, _, report) => {
    if (!isObject(value)) return;
    const missing = items(rule).filter((name) => !Object.hasOwn(value, String(name)));
    if (missing.length > 0) report(at, `must have ${missing.join(", ")}`);
  },
  properties: (rule, value, at, _, report) => {
    if (!isObject(value) || !isObject(rule)) return;
    for (const [name, schema] of Object.entries(rule))
      if (Object.hasOwn(value, name)) checkValue(schema, value[name] as JsonValue, pointer(at, name), report);
  },
  patternProperties: (rule, value, at, _, report) => {
    if (!isObject(value) || !isObject(rule)) return;
    for (const [pattern, schema] of Object.entries(rule))
      for (const [name, each] of Object.entries(value))
        if (new RegExp(pattern, "u").test(name)) checkValue(schema, each, pointer(at, name), report);
  },
  additionalProperties: (rule, value, at, schema, report) => {
    if (!isObject(value)) return;
    const patterns = Object.keys(isObject(schema["patternProperties"]) ? schema["patternProperties"] : {});
    const named = isObject(schema["properties"]) ? schema["properties"] : {};
    for (const [name, each] of Object.entries(value)) {
      if (Object.hasOwn(named, name) || patterns.some((each) => new RegExp(each, "u").test(name))) continue;
      if (rule === false) report(pointer(at, name), "is not declared");
      else checkValue(rule, each, pointer(at, name), report);
    }
  },
  propertyNames: (rule, value, at, _, report) => {
    if (isObject(value)) for (const name of Object.keys(value)) checkValue(rule, name, at, report);
  },
  items: (rule, value, at, schema, report) => {
    if (!isArray(value)) return;
    if (isArray(rule)) {
      rule.forEach((each, index) => {
        if (index < value.length) checkValue(each, value[index] as JsonValue, pointer(at, index), report);
      });
      return;
    }
    const first = isArray(schema["prefixItems"]) ? schema["prefixItems"].length : 0;
    value.forEach((each, index) => {
      if (index >= first) checkValue(rule, each, pointer(at, index), report);
    });
  },
  prefixItems: (rule, value, at, schema, report) => checks["items"]?.(rule, value, at, schema, report),
  additionalItems: (rule, value, at, schema, report) => {
    if (!isArray(value) || !isArray(schema["items"])) return;
    const first = schema["items"].length;
    value.forEach((each, index) => {
      if (index >= first) checkValue(rule, each, pointer(at, index), report);
    });
  },
  uniqueItems: (rule, value, at, _, report) => {
    if (rule === true && isArray(value) && new Set(value.map(canonical)).size < value.length)
      report(at, "must hold no item twice");
  },
  pattern: (rule, value, at, _, report) => {
    if (typeof value === "string" && !new RegExp(String(rule), "u").test(value))
      report(at, `must match ${rule}`);
  },
  minimum: bound((value, least) => value >= least, "must be at least"),
  maximum: bound((value, most) => value <= most, "must be at most"),
  exclusiveMinimum: bound((value, least) => value > least, "must be more than"),
  exclusiveMaximum: bound((value, most) => value < most, "must be less than"),
  multipleOf: bound((value, step) => Number.isInteger(value / step), "must be a multiple of"),
  minLength: size((value) => (typeof value === "string" ? [...value].length : undefined), "least"),
  maxLength: size((value) => (typeof value === "string" ? [...value].length : undefined), "most"),
  minItems: size((value) => (isArray(value) ? value.length : undefined), "least"),
  maxItems: size((value) => (isArray(value) ? value.length : undefined), "most"),
  minProperties: size((value) => (isObject(value) ? Object.keys(value).length : undefined), "least"),
  maxProperties: size((value) => (isObject(value) ? Object.keys(value).length : undefined), "most"),
};

function bound(holds: (value: number, limit: number) => boolean, what: string): Check {
  return (rule, value, at, _, report) => {
    if (typeof value === "number" && !holds(value, Number(rule))) report(at, `${what} ${rule}`);
  };
}

function size(measure: (value: JsonValue) => number | undefined, limit: "least" | "most"): Check {
  return (rule, value, at, _, report) => {
    const measured = measure(value);
    if (measured === undefined) return;
    if (limit === "least" ? measured < Number(rule) : measured > Number(rule))
      report(at, `must have a size of at ${limit} ${rule}, and has ${measured}`);
  };
}

function pointer(at: string, step: string | number): string {
  return `${at}/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function items(rule: JsonValue): readonly JsonValue[] {
  return isArray(rule) ? rule : [];
}

function same(a: JsonValue, b: JsonValue): boolean {
  return canonical(a) === canonical(b);
}

/** Write a value so that equal ones are written alike. */
function canonical(value: JsonValue): string {
  return JSON.stringify(value, (_, each: JsonValue) =>
    isObject(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each,
  );
}
