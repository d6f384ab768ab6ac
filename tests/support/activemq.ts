export { type ActiveMq, startActiveMq } from '@podips/simulation';
