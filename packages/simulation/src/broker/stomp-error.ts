import { PodipsError } from '@podips/shared';

/** A frame that cannot be accepted. The client gets it as an ERROR frame and is then disconnected. */
export class StompError extends PodipsError {}
