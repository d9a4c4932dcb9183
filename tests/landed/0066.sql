-- Somebody registered at the door, and an arrival there, as the application wrote them with 0066.
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (124, '2038-05-05 08:00:00.000000', 'account:ana@cluster.test', 'registered', '2038', '4APM-W0NW', '{"status": "confirmed"}');
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (125, '2038-05-05 08:00:00.000000', 'account:ana@cluster.test', 'arrived', '2038', '4APM-W0NW', '{}');
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, attempts, refusals, asked_for, waits_since, mailbox_key) VALUES (33, '<8929f702-7446-493d-9d77-cbea1694672d@localhost>', 'registration-confirmed', '2038', '4APM-W0NW', 'en', 'Days of Clusters 2038', 'host@dofc.test', 'ida@cluster.test', 'ida@cluster.test', 'Ida Berg', 'Your place at Days of Clusters 2038 is confirmed', 'text', '<p>text</p>', '[]', 'kept', '2038-05-05 08:00:00.000000', '2038-05-05 08:00:00.000000', 0, 0, FALSE, '2038-05-05 08:00:00.000000', 'ida@cluster.test');
UPDATE editions SET registers_at_door = TRUE WHERE id = 5;
UPDATE pools SET taken = 2 WHERE id = 8;
INSERT INTO registrations (id, edition_id, reference, form_key, link_version, revision, given_name, family_name, badge_name, email, email_key, organisation, job_title, country, phone, category_id, dietary, access_needs, visa_letter, photo_consent, language, consent_version, consented_at, registered_at, any_trip, by_name, by_organisation, note, compared, called, revised_at) VALUES (13, 5, '4APM-W0NW', 'vlZxGdSw1Ajg0EATxDvjFi5RCTpwsYjK', 1, 0, 'Ida', 'Berg', '', 'ida@cluster.test', 'ida@cluster.test', 'Trakya Cluster', 'Manager', 'TR', '', 12, '', '', FALSE, TRUE, 'en', 'f1bb2b87968bb8fb', '2038-05-05 08:00:00.000000', '2038-05-05 08:00:00.000000', FALSE, '2d334d37023b312b010c01dcc2dc0600', '514d2b3f5b2b042f41534f51334d011201dcc0dc0a00', '', FALSE, 'berg ida', '2038-05-05 08:00:00.000000');
INSERT INTO claims (id, pool_id, registration_id, status, changed_at, used_at, is_hold) VALUES (17, 8, 13, 'confirmed', '2038-05-05 08:00:00.000000', '2038-05-05 08:00:00.000000', FALSE);
INSERT INTO search_words (registration_id, word) VALUES (13, '4apm');
INSERT INTO search_words (registration_id, word) VALUES (13, '4apmw0nw');
INSERT INTO search_words (registration_id, word) VALUES (13, 'berg');
INSERT INTO search_words (registration_id, word) VALUES (13, 'cluster');
INSERT INTO search_words (registration_id, word) VALUES (13, 'ida');
INSERT INTO search_words (registration_id, word) VALUES (13, 'idaclustertest');
INSERT INTO search_words (registration_id, word) VALUES (13, 'test');
INSERT INTO search_words (registration_id, word) VALUES (13, 'trakya');
INSERT INTO search_words (registration_id, word) VALUES (13, 'w0nw');
INSERT INTO arrivals (id, claim_id, day, at) VALUES (2, 17, '2038-05-05', '2038-05-05 08:00:00.000000');
