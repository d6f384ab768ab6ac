import type { Type as TypeBox } from 'typebox';

type Builder = Pick<
  typeof TypeBox,
  | 'Array'
  | 'Boolean'
  | 'Enum'
  | 'Integer'
  | 'Literal'
  | 'Null'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'Partial'
  | 'Record'
  | 'String'
  | 'Union'
  | 'Unsafe'
>;
type Schema = Readonly<Record<string, unknown>>;

/** Marks a property that may be absent, as in typebox; it is not enumerable, and so in no document. */
const OPTIONAL = '~optional';

const object = (properties: Readonly<Record<string, Schema>>, options?: Schema): Schema => {
  const required = Object.keys(properties).filter((name) => !Object.hasOwn(properties[name] ?? {}, OPTIONAL));
  return { type: 'object', ...(required.length > 0 && { required }), properties, ...options };
};

const builder = {
  Array: (items: Schema, options?: Schema): Schema => ({ type: 'array', items, ...options }),
  Boolean: (options?: Schema): Schema => ({ type: 'boolean', ...options }),
  Enum: (values: readonly string[], options?: Schema): Schema => ({ enum: values, ...options }),
  Integer: (options?: Schema): Schema => ({ type: 'integer', ...options }),
  Literal: (value: unknown, options?: Schema): Schema => ({ type: typeof value, const: value, ...options }),
  Null: (options?: Schema): Schema => ({ type: 'null', ...options }),
  Number: (options?: Schema): Schema => ({ type: 'number', ...options }),
  Object: object,
  Optional: (schema: Schema): Schema => Object.defineProperty({ ...schema }, OPTIONAL, { value: true }),
  Partial: ({ required: _, ...schema }: Schema): Schema => schema,
  Record: (key: { readonly enum?: readonly string[] }, value: Schema, options?: Schema): Schema =>
    key.enum
      ? object(Object.fromEntries(key.enum.map((name) => [name, value])), options)
      : { type: 'object', patternProperties: { '^.*$': value }, ...options },
  String: (options?: Schema): Schema => ({ type: 'string', ...options }),
  Union: (anyOf: readonly Schema[], options?: Schema): Schema => ({ anyOf, ...options }),
  Unsafe: (schema: Schema): Schema => schema,
} satisfies Record<keyof Builder, unknown>;

/**
 * JSON schemas with the types of typebox, which would load 370 modules to build the same objects.
 * `type.test.ts` compares them.
 */
// The types of typebox say more of a schema than these functions can: what a value that fits it is.
export const Type = builder as unknown as Builder;
export type { Static, TSchema } from 'typebox';
