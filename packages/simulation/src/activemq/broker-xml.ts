import type { BrokerTls, BrokerUser } from '../broker-process.js';
import { KEY_STORE, STORE_PASSWORD, TRUST_STORE } from './key-stores.js';

interface Ports {
  readonly stomp: number;
  readonly tls: number;
}

/** The settings that an operator would use as well: a journal, limits on memory and disk, non-blocking STOMP. */
export function brokerXml(ports: Ports, users?: readonly BrokerUser[], tls?: BrokerTls): string {
  return `<beans xmlns="http://www.springframework.org/schema/beans"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans-2.0.xsd
  http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
  <bean class="org.springframework.beans.factory.config.PropertyPlaceholderConfigurer"/>
  <broker xmlns="http://activemq.apache.org/schema/core" brokerName="podips" useJmx="false"
          dataDirectory="\${activemq.base}/data" schedulePeriodForDestinationPurge="0">
    <destinationPolicy><policyMap><policyEntries>
      <policyEntry queue="&gt;" memoryLimit="64mb" producerFlowControl="true"/>
    </policyEntries></policyMap></destinationPolicy>
    <persistenceAdapter><kahaDB directory="\${activemq.base}/data/kahadb"/></persistenceAdapter>
    ${users ? pluginsXml(users) : ''}
    ${tls ? SSL_CONTEXT : ''}
    <systemUsage><systemUsage>
      <memoryUsage><memoryUsage limit="256 mb"/></memoryUsage>
      <storeUsage><storeUsage limit="2 gb"/></storeUsage>
      <tempUsage><tempUsage limit="256 mb"/></tempUsage>
    </systemUsage></systemUsage>
    <transportConnectors>
      <transportConnector name="stomp" uri="stomp+nio://127.0.0.1:${ports.stomp}"/>
      ${tls ? tlsConnector(ports.tls, tls) : ''}
    </transportConnectors>
  </broker>
</beans>
`;
}

/** Paths on the class path, which begins with the folder of the configuration. */
const SSL_CONTEXT = `<sslContext><sslContext
  keyStore="${KEY_STORE}" keyStoreType="pkcs12" keyStorePassword="${STORE_PASSWORD}"
  trustStore="${TRUST_STORE}" trustStoreType="pkcs12" trustStorePassword="${STORE_PASSWORD}"/></sslContext>`;

function tlsConnector(port: number, { needsClientCertificate }: BrokerTls): string {
  const uri = `stomp+nio+ssl://127.0.0.1:${port}?needClientAuth=${needsClientCertificate}`;
  return `<transportConnector name="stomp+ssl" uri="${uri}"/>`;
}

function pluginsXml(users: readonly BrokerUser[]): string {
  const accounts = users.map(
    ({ name, password }) =>
      `<authenticationUser username="${name}" password="${password}" groups="users,${groupOf(name)}"/>`,
  );
  return `<plugins>
      <simpleAuthenticationPlugin><users>${accounts.join('')}</users></simpleAuthenticationPlugin>
      ${users.some(({ notTo }) => notTo) ? authorizationXml(users) : ''}
    </plugins>`;
}

const groupOf = (user: string) => `only-${user}`;

/**
 * Rights add up over all entries that match a queue, so that none may match what is refused. A name has at most one
 * point here: `*` is a name without, and `*.invalid` one with that end.
 */
function authorizationXml(users: readonly BrokerUser[]): string {
  const ends = [...new Set(users.flatMap(({ notTo }) => notTo ?? []))];
  const entry = (kind: 'queue' | 'topic', name: string, writers: string) =>
    `<authorizationEntry ${kind}="${name}" read="users" write="${writers}" admin="users"/>`;
  const writersTo = (end: string) =>
    users.flatMap(({ name, notTo }) => (notTo === end ? [] : [groupOf(name)])).join(',') || 'nobody';
  const entries = [
    entry('queue', '*', 'users'),
    ...ends.map((end) => entry('queue', `*${end}`, writersTo(end))),
    entry('topic', '&gt;', 'users'),
  ];
  return `<authorizationPlugin><map><authorizationMap><authorizationEntries>${entries.join('')}
      </authorizationEntries></authorizationMap></map></authorizationPlugin>`;
}
