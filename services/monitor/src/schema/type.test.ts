import { Type as TypeBox } from 'typebox';
import { expect, it } from 'vitest';
import { fits } from './check.js';
import { Type } from './type.js';

const build = (type: typeof Type) => {
  const light = type.Enum(['red', 'green'], { description: 'a light' });
  return type.Object(
    {
      text: type.String({ minLength: 1 }),
      list: type.Optional(type.Array(type.Integer({ minimum: 0 }), { maxItems: 2 })),
      one: type.Union([type.Literal('a'), type.Literal(1), type.Literal(true), type.Null()]),
      byName: type.Record(type.String(), type.Number()),
      byLight: type.Record(light, type.Boolean()),
      some: type.Partial(type.Record(light, type.Optional(type.Boolean()))),
      raw: type.Unsafe<string>(type.String()),
      none: type.Object({}),
      light,
    },
    { additionalProperties: false, description: 'all of it' },
  );
};

it('builds the same JSON schema as typebox', () => {
  expect(JSON.stringify(build(Type))).toBe(JSON.stringify(build(TypeBox)));
});

it('takes a value only if it fits', () => {
  const schema = Type.Object({ name: Type.String(), age: Type.Optional(Type.Integer({ minimum: 0 })) });
  expect(
    [{ name: 'a' }, { name: 'a', age: 1 }, { name: 'a', more: 1 }].map((value) => fits(schema, value)),
  ).toEqual([true, true, true]);
  expect(
    [{}, { name: 1 }, { name: 'a', age: '1' }, { name: 'a', age: -1 }, null, []].map((value) =>
      fits(schema, value),
    ),
  ).toEqual([false, false, false, false, false, false]);
  // Infinity.
  expect(fits(schema, JSON.parse('{ "name": "a", "age": 1e999 }'))).toBe(false);
});
