import type { BrokerRights, BrokerTls, BrokerUser } from '../broker-process.js';
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
    ({ name, password, may }) =>
      `<authenticationUser username="${name}" password="${password}" groups="${may ? EVERYBODY : `${EVERYBODY},${FREE}`},${name}"/>`,
  );
  return `<plugins>
      <simpleAuthenticationPlugin><users>${accounts.join('')}</users></simpleAuthenticationPlugin>
      ${users.some(({ may }) => may) ? authorizationXml(users) : ''}
    </plugins>`;
}

const EVERYBODY = 'everybody';
/** Users who may do everything. */
const FREE = 'free';

/** Rights add up over all entries that match a queue. Each user is a group, too. */
function authorizationXml(users: readonly BrokerUser[]): string {
  const queues = new Set(users.flatMap(({ may }) => (may ? [...may.sendTo, ...may.receiveFrom] : [])));
  const groups = (is: (rights: BrokerRights) => boolean) =>
    users.flatMap(({ name, may }) => (may && is(may) ? [name] : [])).join(',') || 'nobody';
  const entries = [...queues].map((queue) => {
    const readers = groups(({ receiveFrom }) => receiveFrom.includes(queue));
    const writers = groups(({ sendTo }) => sendTo.includes(queue));
    return entry(`queue="${queue}"`, readers, writers, `${readers},${writers}`);
  });
  return `<authorizationPlugin><map><authorizationMap><authorizationEntries>
        ${entry('queue="&gt;"', FREE, FREE, FREE)}
        ${entries.join('')}
        ${entry('topic="ActiveMQ.Advisory.&gt;"', EVERYBODY, EVERYBODY, EVERYBODY)}
      </authorizationEntries></authorizationMap></map></authorizationPlugin>`;
}

const entry = (destination: string, read: string, write: string, admin: string) =>
  `<authorizationEntry ${destination} read="${read}" write="${write}" admin="${admin}"/>`;
