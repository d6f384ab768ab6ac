import { expect, it } from 'vitest';
import { type BrokerCase, USER } from './brokers.js';
import type { Stage } from './stage.js';

/** A broker that refuses a client says why, and so does the client. */
export function describeLogin(stage: Stage, { hasVhosts, loginRefused }: BrokerCase): void {
  it('refuses a wrong password, and its reason is shown', async () => {
    const queue = { ...stage.newQueue(), user: { ...USER, password: 'wrong' } };
    await expect(stage.connect(queue)).rejects.toThrow(loginRefused);
  });

  const vhost = 'clusters';
  if (hasVhosts)
    it('keeps virtual hosts apart, and refuses one that it does not have', async () => {
      const queue = stage.newQueue();
      const [here, there] = [await stage.connect(queue), await stage.connect(queue, { vhost })];
      await here.send([{ destination: queue.name, body: 'here' }]);
      await there.send([{ destination: queue.name, body: 'there' }]);
      const bodies: string[] = [];
      there.subscribe(queue.name, 1, ({ body }) => bodies.push(Buffer.from(body).toString()));
      await expect.poll(() => bodies).toEqual(['there']);
      await expect(stage.connect(queue, { vhost: 'none' })).rejects.toThrow(/[Vv]irtual host 'none'/);
    });
  else
    it('takes any virtual host, having none', async () => {
      const session = await stage.connect(stage.newQueue(), { vhost });
      expect(session.open).toBe(true);
    });
}
