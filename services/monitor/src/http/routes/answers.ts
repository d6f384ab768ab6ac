import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { answerOf, SCOPES } from '../../status/lights.js';
import type { AppContext } from '../context.js';
import { AnswerReply, PingReply, ScopeParams } from '../schemas.js';

/** Answers for other programs. */
export function answerRoutes({ tracker, now, settings }: AppContext): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/podips/:operation',
      {
        schema: {
          summary: 'Whether the reader, the writer or both work',
          description:
            '"fail" when an operation’s last code is not 200; "no logs for more than 5 minutes" when the last queue ' +
            'write (read, all) or Fluentd write (write, all) is older than the age limit, or was never received. ' +
            'When both hold, "all" answers "fail"; "read" and "write" answer the age.',
          tags: ['answers'],
          params: ScopeParams,
          response: { 200: AnswerReply },
        },
      },
      async (request) => {
        const scope = SCOPES.find((name) => name === request.params.operation);
        if (scope === undefined) return { status: 'invalid operation' as const };
        return { status: answerOf(scope, tracker.states(), settings.ageLimitMs) };
      },
    );
    app.get(
      '/api/ping',
      { schema: { summary: 'Whether the monitor answers', tags: ['answers'], response: { 200: PingReply } } },
      async () => ({ ack: Math.floor(now() / 1_000) }),
    );
  };
}
