import { numberOf, type OutgoingMessage, type QueueSession } from '@podips/shared';
import { expect, it, vi } from 'vitest';
import { createQueueSender } from './queue-sender.js';

it('numbers messages in the order in which they are sent, and knows the last that is durable', async () => {
  const sent: OutgoingMessage[][] = [];
  const session = {
    send: vi.fn(async (messages: readonly OutgoingMessage[]) => void sent.push([...messages])),
  };
  const numbering = { run: '0123abcd', sent: 0, published: 0 };
  const sender = createQueueSender(
    // Only `send` of it is used.
    { session: session as unknown as QueueSession, state: 'up' },
    { destination: '/queue/pods', numbering },
    { onPublished: vi.fn(), onPublishFailed: vi.fn() },
  );
  await sender.send(['a', 'b']);
  session.send.mockRejectedValueOnce(new Error('no receipt'));
  await expect(sender.send(['c'])).rejects.toThrow('no receipt');
  expect(numbering).toMatchObject({ sent: 3, published: 2 });
  await sender.send(['c']);
  expect(numbering).toMatchObject({ sent: 4, published: 4 });
  expect(sent.flat().map(({ headers }) => numberOf(headers ?? {}))).toEqual(
    [1, 2, 4].map((number) => ({ run: '0123abcd', number })),
  );
  expect(sent[0]?.[0]?.headers).toMatchObject({ 'content-type': 'application/json' });
});
