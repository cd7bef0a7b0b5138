/**
 * What recipes have besides the syntax, for editors and the compiler: JavaScript without clock, locale, randomness, promises
 * and evaluation of text. `recipe.tsconfig.json` puts it in the place of TypeScript's own libraries.
 *
 * The list is that of `src/recipes/realm.ts`; a test compares them.
 */

// What the compiler itself asks for.
interface IArguments {
  [index: number]: unknown;
  length: number;
}
interface Function {
  apply(this: Function, self: unknown, args?: unknown): unknown;
  call(this: Function, self: unknown, ...args: unknown[]): unknown;
  bind(this: Function, self: unknown, ...args: unknown[]): Function;
  readonly length: number;
  readonly name: string;
  toString(): string;
}
interface CallableFunction extends Function {
  apply<T, A extends readonly unknown[], R>(this: (this: T, ...args: A) => R, self: T, args: A): R;
  call<T, A extends readonly unknown[], R>(this: (this: T, ...args: A) => R, self: T, ...args: A): R;
  bind<T, A extends readonly unknown[], R>(this: (this: T, ...args: A) => R, self: T): (...args: A) => R;
}
interface NewableFunction extends Function {}
interface Object {
  hasOwnProperty(name: PropertyKey): boolean;
  toString(): string;
  valueOf(): Object;
}
declare type PropertyKey = string | number | symbol;
interface PropertyDescriptor {
  configurable?: boolean;
  enumerable?: boolean;
  value?: any;
  writable?: boolean;
  get?(): any;
  set?(value: any): void;
}
interface TypedPropertyDescriptor<T> {
  enumerable?: boolean;
  configurable?: boolean;
  writable?: boolean;
  value?: T;
  get?: () => T;
  set?: (value: T) => void;
}
interface TemplateStringsArray extends ReadonlyArray<string> {
  readonly raw: readonly string[];
}
type ThisType<T> = {};

// Types that are made of types.
type Partial<T> = { [K in keyof T]?: T[K] };
type Required<T> = { [K in keyof T]-?: T[K] };
type Readonly<T> = { readonly [K in keyof T]: T[K] };
type Pick<T, K extends keyof T> = { [P in K]: T[P] };
type Record<K extends keyof any, T> = { [P in K]: T };
type Exclude<T, U> = T extends U ? never : T;
type Extract<T, U> = T extends U ? T : never;
type Omit<T, K extends keyof any> = Pick<T, Exclude<keyof T, K>>;
type NonNullable<T> = T & {};
type Parameters<T extends (...args: any) => any> = T extends (...args: infer P) => any ? P : never;
type ConstructorParameters<T extends abstract new (...args: any) => any> = T extends abstract new (
  ...args: infer P
) => any
  ? P
  : never;
type ReturnType<T extends (...args: any) => any> = T extends (...args: any) => infer R ? R : any;
type InstanceType<T extends abstract new (...args: any) => any> = T extends abstract new (
  ...args: any
) => infer R
  ? R
  : any;
type Uppercase<S extends string> = intrinsic;
type Lowercase<S extends string> = intrinsic;
type Capitalize<S extends string> = intrinsic;
type Uncapitalize<S extends string> = intrinsic;
type NoInfer<T> = intrinsic;

// Iteration.
interface IteratorYieldResult<T> {
  done?: false;
  value: T;
}
interface IteratorReturnResult<T> {
  done: true;
  value: T;
}
type IteratorResult<T, R = any> = IteratorYieldResult<T> | IteratorReturnResult<R>;
type BuiltinIteratorReturn = intrinsic;
interface Iterator<T, R = any, N = any> {
  next(...args: [] | [N]): IteratorResult<T, R>;
  return?(value?: R): IteratorResult<T, R>;
  throw?(error?: any): IteratorResult<T, R>;
}
interface Iterable<T, R = any, N = any> {
  [Symbol.iterator](): Iterator<T, R, N>;
}
interface IterableIterator<T, R = any, N = any> extends Iterator<T, R, N> {
  [Symbol.iterator](): IterableIterator<T, R, N>;
}
interface IteratorObject<T, R = unknown, N = unknown> extends Iterator<T, R, N> {
  [Symbol.iterator](): IteratorObject<T, R, N>;
  map<U>(each: (value: T, index: number) => U): IteratorObject<U, undefined, unknown>;
  filter(keep: (value: T, index: number) => unknown): IteratorObject<T, undefined, unknown>;
  take(limit: number): IteratorObject<T, undefined, unknown>;
  drop(count: number): IteratorObject<T, undefined, unknown>;
  flatMap<U>(each: (value: T, index: number) => Iterable<U>): IteratorObject<U, undefined, unknown>;
  reduce<U>(each: (sum: U, value: T, index: number) => U, start: U): U;
  toArray(): T[];
  forEach(each: (value: T, index: number) => void): void;
  some(test: (value: T, index: number) => unknown): boolean;
  every(test: (value: T, index: number) => unknown): boolean;
  find(test: (value: T, index: number) => unknown): T | undefined;
}
interface ArrayIterator<T> extends IteratorObject<T, BuiltinIteratorReturn, unknown> {
  [Symbol.iterator](): ArrayIterator<T>;
}
interface Generator<T = unknown, R = any, N = any> extends IteratorObject<T, R, N> {
  next(...args: [] | [N]): IteratorResult<T, R>;
  return(value: R): IteratorResult<T, R>;
  throw(error: any): IteratorResult<T, R>;
  [Symbol.iterator](): Generator<T, R, N>;
}
declare var Iterator: { from<T>(values: Iterable<T>): IteratorObject<T, undefined, unknown> };

// Values.
interface Symbol {
  readonly description: string | undefined;
  toString(): string;
}
interface SymbolConstructor {
  (description?: string): symbol;
  readonly iterator: unique symbol;
  readonly toStringTag: unique symbol;
  readonly hasInstance: unique symbol;
  readonly toPrimitive: unique symbol;
  for(key: string): symbol;
  keyFor(symbol: symbol): string | undefined;
}
declare var Symbol: SymbolConstructor;
interface Boolean {
  valueOf(): boolean;
}
declare var Boolean: <T>(value?: T) => boolean;
interface BigInt {
  toString(radix?: number): string;
}
declare var BigInt: (value: bigint | boolean | number | string) => bigint;
interface Number {
  toString(radix?: number): string;
  toFixed(digits?: number): string;
  toPrecision(digits?: number): string;
  valueOf(): number;
}
declare var Number: {
  (value?: any): number;
  readonly MAX_SAFE_INTEGER: number;
  readonly MIN_SAFE_INTEGER: number;
  readonly EPSILON: number;
  isInteger(value: unknown): boolean;
  isSafeInteger(value: unknown): boolean;
  isFinite(value: unknown): boolean;
  isNaN(value: unknown): boolean;
  parseFloat(text: string): number;
  parseInt(text: string, radix?: number): number;
};
interface Math {
  readonly PI: number;
  readonly E: number;
  abs(x: number): number;
  ceil(x: number): number;
  floor(x: number): number;
  round(x: number): number;
  trunc(x: number): number;
  sign(x: number): number;
  sqrt(x: number): number;
  pow(x: number, y: number): number;
  log2(x: number): number;
  log10(x: number): number;
  max(...values: number[]): number;
  min(...values: number[]): number;
}
declare var Math: Math;
declare var NaN: number;
declare var Infinity: number;
declare function isFinite(value: number): boolean;
declare function isNaN(value: number): boolean;
declare function parseFloat(text: string): number;
declare function parseInt(text: string, radix?: number): number;
declare function encodeURI(text: string): string;
declare function decodeURI(text: string): string;
declare function encodeURIComponent(text: string | number | boolean): string;
declare function decodeURIComponent(text: string): string;
interface String {
  readonly length: number;
  readonly [index: number]: string;
  at(index: number): string | undefined;
  charAt(index: number): string;
  charCodeAt(index: number): number;
  codePointAt(index: number): number | undefined;
  concat(...texts: string[]): string;
  endsWith(text: string, end?: number): boolean;
  includes(text: string, start?: number): boolean;
  indexOf(text: string, start?: number): number;
  lastIndexOf(text: string, start?: number): number;
  isWellFormed(): boolean;
  match(pattern: string | RegExp): RegExpMatchArray | null;
  matchAll(pattern: RegExp): IteratorObject<RegExpExecArray, BuiltinIteratorReturn, unknown>;
  normalize(form?: string): string;
  padEnd(length: number, fill?: string): string;
  padStart(length: number, fill?: string): string;
  repeat(count: number): string;
  replace(pattern: string | RegExp, by: string | ((match: string, ...args: any[]) => string)): string;
  replaceAll(pattern: string | RegExp, by: string | ((match: string, ...args: any[]) => string)): string;
  search(pattern: string | RegExp): number;
  slice(start?: number, end?: number): string;
  split(separator: string | RegExp, limit?: number): string[];
  startsWith(text: string, start?: number): boolean;
  substring(start: number, end?: number): string;
  toLowerCase(): string;
  toUpperCase(): string;
  toString(): string;
  trim(): string;
  trimEnd(): string;
  trimStart(): string;
  valueOf(): string;
  [Symbol.iterator](): IteratorObject<string, BuiltinIteratorReturn, unknown>;
}
declare var String: {
  (value?: any): string;
  fromCharCode(...codes: number[]): string;
  fromCodePoint(...codes: number[]): string;
  raw(strings: { readonly raw: readonly string[] }, ...values: any[]): string;
};
interface RegExpMatchArray extends Array<string> {
  index?: number;
  input?: string;
  groups?: { [name: string]: string };
}
interface RegExpExecArray extends Array<string> {
  index: number;
  input: string;
  groups?: { [name: string]: string };
}
interface RegExp {
  exec(text: string): RegExpExecArray | null;
  test(text: string): boolean;
  readonly source: string;
  readonly flags: string;
  lastIndex: number;
}
declare var RegExp: {
  (pattern: RegExp | string, flags?: string): RegExp;
  new (pattern: RegExp | string, flags?: string): RegExp;
};
interface JSON {
  parse(text: string): any;
  stringify(value: any, replacer?: readonly (string | number)[] | null, space?: string | number): string;
}
declare var JSON: JSON;

// Lists.
interface ReadonlyArray<T> {
  readonly length: number;
  readonly [index: number]: T;
  at(index: number): T | undefined;
  concat(...items: (T | readonly T[])[]): T[];
  entries(): ArrayIterator<[number, T]>;
  every<S extends T>(test: (value: T, index: number) => value is S): this is readonly S[];
  every(test: (value: T, index: number) => unknown): boolean;
  filter<S extends T>(keep: (value: T, index: number) => value is S): S[];
  filter(keep: (value: T, index: number) => unknown): T[];
  find<S extends T>(test: (value: T, index: number) => value is S): S | undefined;
  find(test: (value: T, index: number) => unknown): T | undefined;
  findIndex(test: (value: T, index: number) => unknown): number;
  findLast(test: (value: T, index: number) => unknown): T | undefined;
  flat<U>(this: readonly (U | readonly U[])[]): U[];
  flatMap<U>(each: (value: T, index: number) => U | readonly U[]): U[];
  forEach(each: (value: T, index: number) => void): void;
  includes(item: T, start?: number): boolean;
  indexOf(item: T, start?: number): number;
  join(separator?: string): string;
  keys(): ArrayIterator<number>;
  lastIndexOf(item: T): number;
  map<U>(each: (value: T, index: number) => U): U[];
  reduce(each: (sum: T, value: T, index: number) => T): T;
  reduce<U>(each: (sum: U, value: T, index: number) => U, start: U): U;
  slice(start?: number, end?: number): T[];
  some(test: (value: T, index: number) => unknown): boolean;
  toReversed(): T[];
  toSorted(compare?: (a: T, b: T) => number): T[];
  values(): ArrayIterator<T>;
  with(index: number, value: T): T[];
  [Symbol.iterator](): ArrayIterator<T>;
}
interface ConcatArray<T> extends ReadonlyArray<T> {}
interface Array<T> extends ReadonlyArray<T> {
  length: number;
  [index: number]: T;
  pop(): T | undefined;
  push(...items: T[]): number;
  reverse(): T[];
  shift(): T | undefined;
  sort(compare?: (a: T, b: T) => number): this;
  splice(start: number, count?: number, ...items: T[]): T[];
  unshift(...items: T[]): number;
  fill(value: T, start?: number, end?: number): this;
}
declare var Array: {
  <T = any>(...items: T[]): T[];
  from<T>(values: Iterable<T> | { readonly length: number; readonly [index: number]: T }): T[];
  from<T, U>(
    values: Iterable<T> | { readonly length: number; readonly [index: number]: T },
    each: (value: T, index: number) => U,
  ): U[];
  isArray(value: any): value is any[];
  of<T>(...items: T[]): T[];
};

// Records and collections.
declare var Object: {
  (value: any): any;
  assign<T extends object, U>(target: T, ...sources: U[]): T & U;
  create(prototype: object | null): any;
  entries<T>(value: { readonly [name: string]: T } | readonly T[]): [string, T][];
  freeze<T>(value: T): Readonly<T>;
  fromEntries<T>(entries: Iterable<readonly [PropertyKey, T]>): { [name: string]: T };
  getOwnPropertyNames(value: any): string[];
  getPrototypeOf(value: any): any;
  groupBy<K extends PropertyKey, T>(
    values: Iterable<T>,
    key: (value: T, index: number) => K,
  ): Partial<Record<K, T[]>>;
  hasOwn(value: object, name: PropertyKey): boolean;
  is(a: any, b: any): boolean;
  isFrozen(value: any): boolean;
  keys(value: object): string[];
  values<T>(value: { readonly [name: string]: T } | readonly T[]): T[];
};
declare var Reflect: {
  get(target: object, name: PropertyKey): any;
  has(target: object, name: PropertyKey): boolean;
  ownKeys(target: object): (string | symbol)[];
};
interface ReadonlyMap<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  has(key: K): boolean;
  forEach(each: (value: V, key: K) => void): void;
  entries(): IteratorObject<[K, V], BuiltinIteratorReturn, unknown>;
  keys(): IteratorObject<K, BuiltinIteratorReturn, unknown>;
  values(): IteratorObject<V, BuiltinIteratorReturn, unknown>;
  [Symbol.iterator](): IteratorObject<[K, V], BuiltinIteratorReturn, unknown>;
}
interface Map<K, V> extends ReadonlyMap<K, V> {
  clear(): void;
  delete(key: K): boolean;
  set(key: K, value: V): this;
}
declare var Map: { new <K = any, V = any>(entries?: Iterable<readonly [K, V]> | null): Map<K, V> };
interface ReadonlySet<T> {
  readonly size: number;
  has(value: T): boolean;
  forEach(each: (value: T) => void): void;
  values(): IteratorObject<T, BuiltinIteratorReturn, unknown>;
  [Symbol.iterator](): IteratorObject<T, BuiltinIteratorReturn, unknown>;
}
interface Set<T> extends ReadonlySet<T> {
  add(value: T): this;
  clear(): void;
  delete(value: T): boolean;
}
declare var Set: { new <T = any>(values?: Iterable<T> | null): Set<T> };
interface WeakMap<K extends WeakKey, V> {
  get(key: K): V | undefined;
  has(key: K): boolean;
  set(key: K, value: V): this;
}
type WeakKey = object;
declare var WeakMap: { new <K extends WeakKey = WeakKey, V = any>(): WeakMap<K, V> };
interface WeakSet<T extends WeakKey> {
  add(value: T): this;
  has(value: T): boolean;
}
declare var WeakSet: { new <T extends WeakKey = WeakKey>(): WeakSet<T> };

// Errors.
interface Error {
  name: string;
  message: string;
  cause?: unknown;
}
interface ErrorConstructor {
  new (message?: string, options?: { cause?: unknown }): Error;
  (message?: string, options?: { cause?: unknown }): Error;
}
declare var Error: ErrorConstructor;
declare var AggregateError: { new (errors: Iterable<any>, message?: string): Error };
declare var EvalError: ErrorConstructor;
declare var RangeError: ErrorConstructor;
declare var ReferenceError: ErrorConstructor;
declare var SyntaxError: ErrorConstructor;
declare var TypeError: ErrorConstructor;
declare var URIError: ErrorConstructor;

// Bytes.
interface ArrayBuffer {
  readonly byteLength: number;
  slice(start?: number, end?: number): ArrayBuffer;
}
declare var ArrayBuffer: { new (length: number): ArrayBuffer };
type ArrayBufferLike = ArrayBuffer;
interface DataView<B extends ArrayBufferLike = ArrayBufferLike> {
  readonly buffer: B;
}
declare var DataView: { new (buffer: ArrayBuffer): DataView };
interface TypedArray<E> {
  readonly length: number;
  readonly byteLength: number;
  [index: number]: E;
  at(index: number): E | undefined;
  slice(start?: number, end?: number): this;
  subarray(start?: number, end?: number): this;
  [Symbol.iterator](): ArrayIterator<E>;
}
interface TypedArrayConstructor<A, E> {
  new (length: number): A;
  new (values: Iterable<E> | ArrayBuffer): A;
  from(values: Iterable<E>): A;
  of(...values: E[]): A;
}
interface Uint8Array<B extends ArrayBufferLike = ArrayBufferLike> extends TypedArray<number> {
  readonly buffer: B;
}
interface Int8Array extends TypedArray<number> {}
interface Int16Array extends TypedArray<number> {}
interface Int32Array extends TypedArray<number> {}
interface Uint8ClampedArray extends TypedArray<number> {}
interface Uint16Array extends TypedArray<number> {}
interface Uint32Array extends TypedArray<number> {}
interface BigInt64Array extends TypedArray<bigint> {}
interface BigUint64Array extends TypedArray<bigint> {}
declare var Uint8Array: TypedArrayConstructor<Uint8Array, number>;
declare var Int8Array: TypedArrayConstructor<Int8Array, number>;
declare var Int16Array: TypedArrayConstructor<Int16Array, number>;
declare var Int32Array: TypedArrayConstructor<Int32Array, number>;
declare var Uint8ClampedArray: TypedArrayConstructor<Uint8ClampedArray, number>;
declare var Uint16Array: TypedArrayConstructor<Uint16Array, number>;
declare var Uint32Array: TypedArrayConstructor<Uint32Array, number>;
declare var BigInt64Array: TypedArrayConstructor<BigInt64Array, bigint>;
declare var BigUint64Array: TypedArrayConstructor<BigUint64Array, bigint>;
declare var TextEncoder: { new (): { encode(text?: string): Uint8Array } };
declare var TextDecoder: {
  new (
    encoding?: string,
    options?: { fatal?: boolean; ignoreBOM?: boolean },
  ): { decode(bytes?: Uint8Array): string };
};

/** Make a value and all that can be reached from it unchangeable, and give it back. */
declare function harden<T>(value: T): T;
