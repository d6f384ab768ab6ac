import type { ProgressReport } from '@podips/shared';
import { Type } from '../schema/type.js';

const Run = Type.String({ pattern: '^[0-9a-f]{8}$', description: 'names the run of the process' });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const OrNull = <T extends ReturnType<typeof Type.Object> | typeof Count>(type: T) =>
  Type.Union([type, Type.Null()]);

/** How far a reader has got. */
export const ReaderReport = Type.Object({
  service: Type.Literal('reader'),
  run: Run,
  published: Count,
  buffered: Count,
  outbox: OrNull(Count),
  ledger: OrNull(
    Type.Object({
      problem: Type.Union([Type.String({ maxLength: 2_000 }), Type.Null()]),
      migratingMs: OrNull(Count),
      pending: Count,
    }),
  ),
});

/** How far a writer has got. */
export const WriterReport = Type.Object({
  service: Type.Literal('writer'),
  run: Run,
  delivered: Type.Array(Type.Object({ run: Run, number: Count }), { maxItems: 10 }),
  received: Count,
  written: Count,
  inFlight: Count,
  lagMs: OrNull(Count),
});

/** What `POST /api/v1/reports` accepts: {@link ProgressReport}. */
export const Report = Type.Union([ReaderReport, WriterReport]);
export type Report = ProgressReport;
