-- Whether addresses on networks beside the default one had leases.
ALTER TABLE reader_positions ADD COLUMN secondary_networks boolean NOT NULL DEFAULT false;
