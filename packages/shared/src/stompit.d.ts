/** The part of stompit 1.0 that podips uses; the published types are wrong in places. */
declare module 'stompit' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';
  import type { Readable, Writable } from 'node:stream';

  type Headers = Record<string, string | number>;

  interface Message extends Readable {
    readonly headers: Readonly<Record<string, string>>;
  }

  interface SendOptions {
    readonly onReceipt?: () => void;
  }

  interface Client extends EventEmitter {
    readonly headers: Readonly<Record<string, string>>;
    connect(headers: Headers, callback: (error: Error | null) => void): void;
    sendFrame(command: string, headers: Headers, options?: SendOptions): Pick<Writable, 'end'>;
    subscribe(headers: Headers, listener: (error: Error | null, message: Message) => void): unknown;
    ack(message: { readonly headers: Readonly<Record<string, string>> }, headers?: Headers): void;
    disconnect(callback: (error: Error | null) => void): void;
    destroy(error?: Error): void;
    setCommandHandler(command: string, handler: (frame: Message) => void): void;
    getTransportSocket(): Socket;
  }

  interface ClientOptions {
    readonly heartbeat: readonly [number, number];
    readonly heartbeatDelayMargin?: number;
    readonly heartbeatOutputMargin?: number;
    readonly maxLineLength: number;
    readonly maxHeaders: number;
    readonly outgoingFrameStream?: object;
  }

  const stompit: { readonly Client: new (socket: Socket, options: ClientOptions) => Client };

  export type { Client, Message };
  export default stompit;
}
