import { parser } from '@prometheus-io/lezer-promql';

/**
 * The metrics that an expression reads.
 * @throws when it is no PromQL
 */
export function metricsOf(expression: string): string[] {
  const metrics: string[] = [];
  parser.parse(expression).iterate({
    enter(node) {
      if (node.type.isError)
        throw new Error(`no PromQL at "${expression.slice(node.from, node.from + 20)}": ${expression}`);
      if (node.name === 'Identifier' && node.node.parent?.name === 'VectorSelector')
        metrics.push(expression.slice(node.from, node.to));
    },
  });
  return metrics;
}
