import { Ajv, type ValidateFunction } from 'ajv';
import type { Static, TSchema } from 'typebox';

/** As Fastify checks requests: nothing is converted, added or removed. */
const ajv = new Ajv({ strict: false, strictNumbers: true });
const compiled = new WeakMap<TSchema, ValidateFunction>();

/** Whether a value fits a schema. The schema is compiled at the first call. */
export function fits<S extends TSchema>(schema: S, value: unknown): value is Static<S> {
  return validatorOf(schema)(value) === true;
}

/** @throws naming what is wrong, when the value does not fit the schema */
export function assertFits<S extends TSchema>(schema: S, value: unknown): asserts value is Static<S> {
  const validate = validatorOf(schema);
  if (validate(value) !== true) throw new Error(ajv.errorsText(validate.errors));
}

function validatorOf(schema: TSchema): ValidateFunction {
  const known = compiled.get(schema);
  if (known) return known;
  const validate = ajv.compile(schema);
  compiled.set(schema, validate);
  return validate;
}
