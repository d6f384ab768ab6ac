-- The network of a lease: empty for the default one, else as the pod's annotation names it. Networks may have the same
-- addresses.
ALTER TABLE leases ADD COLUMN network text NOT NULL DEFAULT '';
ALTER TABLE leases DROP CONSTRAINT leases_pkey, ADD PRIMARY KEY (cluster, pod_uid, network, ip, occurrence);

-- Whose pods the reader watches: null for all namespaces; and which of them it leaves out.
ALTER TABLE reader_positions
  ADD COLUMN namespaces text[],
  ADD COLUMN ignored_namespaces text[] NOT NULL DEFAULT '{}';
