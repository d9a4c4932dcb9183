-- Learning trips, and a draw, as the application wrote them with 0002.
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (2, '2026-11-22 21:00:00.000000', 'command', 'sign_up_changed', '2033', '', '{"before": ["first-come", null, null], "after": ["draw", "2026-11-21 21:00:00+00:00", "2026-11-24 21:00:00+00:00"]}');
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (3, '2026-11-22 21:00:00.000000', 'delegate', 'registered', '2033', 'SHSC-WZ5N', '{"status": "confirmed"}');
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (4, '2026-11-22 21:00:00.000000', 'delegate', 'seat_changed', '2033', 'SHSC-WZ5N', '{"trip": "mill", "reason": "asked"}');
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (5, '2026-11-22 21:00:00.000000', 'delegate', 'registered', '2033', '8BQ7-YMR8', '{"status": "confirmed"}');
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (6, '2026-11-22 21:00:00.000000', 'delegate', 'seat_changed', '2033', '8BQ7-YMR8', '{"trip": "mill", "reason": "asked"}');
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (7, '2026-11-22 21:00:00.000000', 'delegate', 'registered', '2033', 'ZV28-XSYP', '{"status": "waitlisted"}');
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (8, '2026-11-24 22:00:00.000000', 'command', 'draw_published', '2033', '', '{"drawn": 2, "seated": 1}');
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (9, '2026-11-24 22:00:00.000000', 'command', 'seat_changed', '2033', '8BQ7-YMR8', '{"trip": "mill", "reason": "drawn"}');
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (10, '2026-11-24 22:00:00.000000', 'command', 'seat_changed', '2033', 'SHSC-WZ5N', '{"trip": "mill", "reason": "drawn"}');
INSERT INTO consent_texts (version, language, text, first_shown_at) VALUES ('f1bb2b87968bb8fb', 'en', 'My data may be used for this edition.', '2026-11-22 21:00:00.000000');
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, attempts, refusals) VALUES (2, '<0a77ce9a-97f5-4e61-b62e-c4601cc96fc0@localhost>', 'registration-confirmed', '2033', 'SHSC-WZ5N', 'en', 'Days of Clusters 2033', 'host@dofc.test', 'nia@cluster.test', 'nia@cluster.test', 'Nia Petrova', 'Your place at Days of Clusters 2033 is confirmed', 'text', '<p>text</p>', '[]', 'kept', '2026-11-22 21:00:00.000000', '2026-11-22 21:00:00.000000', 0, 0);
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, attempts, refusals) VALUES (3, '<8cb4b2e5-e4d5-483f-b897-78f00bd74d67@localhost>', 'trip-changed', '2033', 'SHSC-WZ5N', 'en', 'Days of Clusters 2033', 'host@dofc.test', 'nia@cluster.test', 'nia@cluster.test', 'Nia Petrova', 'Your learning trips: Learning trip 100, Days of Clusters 2033', 'text', '<p>text</p>', '[]', 'kept', '2026-11-22 21:00:00.000000', '2026-11-22 21:00:00.000000', 0, 0);
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, attempts, refusals) VALUES (4, '<4e9de0f5-53dc-4fc4-9b49-ebbc00674a6e@localhost>', 'registration-confirmed', '2033', '8BQ7-YMR8', 'en', 'Days of Clusters 2033', 'host@dofc.test', 'ivo@cluster.test', 'ivo@cluster.test', 'Ivo Marić', 'Your place at Days of Clusters 2033 is confirmed', 'text', '<p>text</p>', '[]', 'kept', '2026-11-22 21:00:00.000000', '2026-11-22 21:00:00.000000', 0, 0);
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, attempts, refusals) VALUES (5, '<e7bc71b7-bc38-45e3-ba73-654a77f2dc06@localhost>', 'trip-changed', '2033', '8BQ7-YMR8', 'en', 'Days of Clusters 2033', 'host@dofc.test', 'ivo@cluster.test', 'ivo@cluster.test', 'Ivo Marić', 'Your learning trips: Learning trip 100, Days of Clusters 2033', 'text', '<p>text</p>', '[]', 'kept', '2026-11-22 21:00:00.000000', '2026-11-22 21:00:00.000000', 0, 0);
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, attempts, refusals) VALUES (6, '<c7490c1d-0078-443c-8144-bc92b16ceded@localhost>', 'registration-waitlisted', '2033', 'ZV28-XSYP', 'en', 'Days of Clusters 2033', 'host@dofc.test', 'lea@cluster.test', 'lea@cluster.test', 'Lea Ilić', 'You are on the waiting list for Days of Clusters 2033', 'text', '<p>text</p>', '[]', 'kept', '2026-11-22 21:00:00.000000', '2026-11-22 21:00:00.000000', 0, 0);
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, attempts, refusals) VALUES (7, '<90c8f5b4-4bb5-47b0-a1f2-84dbd9ba6056@localhost>', 'trip-confirmed', '2033', '8BQ7-YMR8', 'en', 'Days of Clusters 2033', 'host@dofc.test', 'ivo@cluster.test', 'ivo@cluster.test', 'Ivo Marić', 'Your seat is confirmed: Learning trip 100, Days of Clusters 2033', 'text', '<p>text</p>', '[]', 'kept', '2026-11-24 22:00:00.000000', '2026-11-24 22:00:00.000000', 0, 0);
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, attempts, refusals) VALUES (8, '<9bcf008d-8811-4a66-8b44-17711f798635@localhost>', 'trip-waitlisted', '2033', 'SHSC-WZ5N', 'en', 'Days of Clusters 2033', 'host@dofc.test', 'nia@cluster.test', 'nia@cluster.test', 'Nia Petrova', 'You are on the waiting list: Learning trip 100, Days of Clusters 2033', 'text', '<p>text</p>', '[]', 'kept', '2026-11-24 22:00:00.000000', '2026-11-24 22:00:00.000000', 0, 0);
INSERT INTO editions (id, year, status, is_demo, city, country, venue, venue_address, zone, starts_on, starts_at, ends_on, ends_at, summary, programme, registration_opens_at, registration_closes_at, offer_hours, contact_name, contact_email, revision, trip_mode, trips_open_at, trips_close_at, trips_drawn_at) VALUES (2, 2033, 'published', FALSE, 'Sofia', 'BG', 'House of Clusters', '12 Vitosha Boulevard', 'Europe/Sofia', '2033-05-05', '09:30:00.000000', '2033-05-06', '16:00:00.000000', 'Three days of clusters.', '', '2026-10-23 21:00:00.000000', '2033-05-01 00:00:00.000000', 72.0, 'Elena Petrova', 'host@dofc.test', 0, 'draw', '2026-11-21 21:00:00.000000', '2026-11-24 21:00:00.000000', '2026-11-24 22:00:00.000000');
INSERT INTO categories (id, edition_id, slug, label, position) VALUES (2, 2, 'member', 'Member of the network', 0);
INSERT INTO categories (id, edition_id, slug, label, position) VALUES (3, 2, 'company', 'Company', 1);
INSERT INTO categories (id, edition_id, slug, label, position) VALUES (4, 2, 'guest', 'Guest', 2);
INSERT INTO draws (edition_id, seed, fixed_at, document) VALUES (2, '4hDJOwMUfrAEAw1tJifr_F_IKCeHLLrO', '2026-11-22 21:00:00.000000', '{
 "edition": "Days of Clusters 2033",
 "seed": "4hDJOwMUfrAEAw1tJifr_F_IKCeHLLrO",
 "seed_sha256": "c00e0dd5e1e8591d2fc1ff238683e1cd9a3603e93d9601ce4c8eb6caf0955bd5",
 "trips": [
  {
   "slug": "mill",
   "free": 1
  }
 ],
 "people": [
  {
   "id": "5236edf809ee1bc8",
   "wishes": [
    "mill"
   ],
   "any_other": false,
   "missed": false,
   "cannot": []
  },
  {
   "id": "e3e25f75ea777909",
   "wishes": [
    "mill"
   ],
   "any_other": false,
   "missed": false,
   "cannot": []
  }
 ],
 "result": {
  "5236edf809ee1bc8": "mill",
  "e3e25f75ea777909": null
 }
}');
INSERT INTO trips (id, edition_id, slug, title, description, meeting_point, starts_at, ends_at, position, hosts, minimum, bring, accessibility, walking, needs_dietary, needs_access, revision) VALUES (2, 2, 'mill', 'Learning trip 100', 'A visit to a company.', 'In front of the venue', '2033-05-06 06:30:00.000000', '2033-05-06 10:30:00.000000', 100, '', 0, '', '', FALSE, FALSE, TRUE, 0);
INSERT INTO pools (id, edition_id, capacity, taken, next_position) VALUES (3, 2, 2, 2, 2);
INSERT INTO pools (id, trip_id, capacity, taken, next_position) VALUES (4, 2, 1, 1, 4);
INSERT INTO registrations (id, edition_id, reference, form_key, link_version, revision, given_name, family_name, badge_name, email, email_key, organisation, job_title, country, phone, category_id, dietary, access_needs, visa_letter, photo_consent, language, consent_version, consented_at, registered_at, search_text, any_trip) VALUES (2, 2, 'SHSC-WZ5N', 'tuMTn3N-gIO9opR9UjisvnCwwRsdLlAa', 1, 2, 'Nia', 'Petrova', '', 'nia@cluster.test', 'nia@cluster.test', 'Trakya Cluster', 'Manager', 'TR', '', 3, '', '', FALSE, TRUE, 'en', 'f1bb2b87968bb8fb', '2026-11-22 21:00:00.000000', '2026-11-22 21:00:00.000000', 'nia
petrova

nia@cluster.test
trakya cluster
shsc-wz5n
shscwz5n', FALSE);
INSERT INTO registrations (id, edition_id, reference, form_key, link_version, revision, given_name, family_name, badge_name, email, email_key, organisation, job_title, country, phone, category_id, dietary, access_needs, visa_letter, photo_consent, language, consent_version, consented_at, registered_at, search_text, any_trip) VALUES (3, 2, '8BQ7-YMR8', 'Sj8r5RIs_ZmT6VStvfyjmGjVYyk7bF7J', 1, 2, 'Ivo', 'Marić', '', 'ivo@cluster.test', 'ivo@cluster.test', 'Trakya Cluster', 'Manager', 'TR', '', 3, '', '', FALSE, TRUE, 'en', 'f1bb2b87968bb8fb', '2026-11-22 21:00:00.000000', '2026-11-22 21:00:00.000000', 'ivo
maric

ivo@cluster.test
trakya cluster
8bq7-ymr8
8bq7ymr8', FALSE);
INSERT INTO registrations (id, edition_id, reference, form_key, link_version, revision, given_name, family_name, badge_name, email, email_key, organisation, job_title, country, phone, category_id, dietary, access_needs, visa_letter, photo_consent, language, consent_version, consented_at, registered_at, search_text, any_trip) VALUES (4, 2, 'ZV28-XSYP', 'I846kpnd2pETERvqi3J1BHE1tyQCDWU7', 1, 0, 'Lea', 'Ilić', '', 'lea@cluster.test', 'lea@cluster.test', 'Trakya Cluster', 'Manager', 'TR', '', 3, '', '', FALSE, TRUE, 'en', 'f1bb2b87968bb8fb', '2026-11-22 21:00:00.000000', '2026-11-22 21:00:00.000000', 'lea
ilic

lea@cluster.test
trakya cluster
zv28-xsyp
zv28xsyp', FALSE);
INSERT INTO claims (id, pool_id, registration_id, status, changed_at) VALUES (2, 3, 2, 'confirmed', '2026-11-22 21:00:00.000000');
INSERT INTO claims (id, pool_id, registration_id, status, position, changed_at, preference) VALUES (3, 4, 2, 'waitlisted', 3, '2026-11-24 22:00:00.000000', 1);
INSERT INTO claims (id, pool_id, registration_id, status, changed_at) VALUES (4, 3, 3, 'confirmed', '2026-11-22 21:00:00.000000');
INSERT INTO claims (id, pool_id, registration_id, status, changed_at, preference) VALUES (5, 4, 3, 'confirmed', '2026-11-24 22:00:00.000000', 1);
INSERT INTO claims (id, pool_id, registration_id, status, position, changed_at) VALUES (6, 3, 4, 'waitlisted', 1, '2026-11-22 21:00:00.000000');
INSERT INTO drawn_delegates (registration_id) VALUES (2);
INSERT INTO drawn_delegates (registration_id, trip_id) VALUES (3, 2);
