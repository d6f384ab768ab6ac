import { PodipsError } from '@podips/shared';

/** The simulated cluster was asked for something that it cannot do, for example to run a pod that is gone. */
export class ClusterError extends PodipsError {}
