-- A ballot under way, as the application wrote it with 0008.
INSERT INTO hosting_calls VALUES (1, 2032, FALSE, 'Text', 'Europe/Sofia', '2026-10-01 12:00:00.000000', '2026-10-02 12:00:00.000000', '2026-10-02 12:00:00.000000', '2026-10-03 12:00:00.000000', '2026-10-03 12:00:00.000000', '2036-10-03 12:00:00.000000', 1, FALSE, 'seed', '2026-10-03 12:00:00.000000', NULL, NULL);
INSERT INTO criteria VALUES (1, 1, 'Venue', 1, 1);
INSERT INTO proposals VALUES (1, 1, '4TRW-8HNC', 1, 'key', 'shortlisted', 0, 'en', NULL, 'A cluster', 'Ivo', 'ivo@cluster.test', 'ivo@cluster.test', 'Skopje', 'MK', '2032-05-05', '2032-05-06', 'Hall', 200, NULL, NULL, NULL, '', '', '', '', '', '', '', 'I agree.', '2026-10-01 12:00:00.000000', '2026-10-01 12:00:00.000000', '2026-10-01 12:00:00.000000');
INSERT INTO accounts VALUES (102, 'eva@cluster.test', 'eva@cluster.test', 'Eva', '2026-11-22 12:00:00.000000');
INSERT INTO roles (id, account_id, role, edition_id, organisation_id) VALUES (103, 102, 'member', NULL, 1);
INSERT INTO voters VALUES (1, 1, 1, 1, '2026-10-03 12:00:00.000000', '2026-11-23 12:00:00.000000');
INSERT INTO ballots VALUES (1, '["4TRW-8HNC", "none"]');
INSERT INTO audit_entries VALUES (102, '2026-11-23 11:00:00.000000', 'account:ana@cluster.test', 'ballot_cast', 'hosting-2032', 'voter-1', '{}');
INSERT INTO audit_entries VALUES (103, '2026-11-23 12:00:00.000000', 'account:eva@cluster.test', 'ballot_changed', 'hosting-2032', 'voter-1', '{}');
INSERT INTO reviews VALUES (1, 1, 1, '2026-10-03 11:00:00.000000');
INSERT INTO scores VALUES (1, 1, 4, '');
