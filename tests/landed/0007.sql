-- Notes, tags, letters and likely doubles, as the application wrote them with 0007.
DELETE FROM untold_news WHERE registration_id = 1;
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (13, '2026-11-23 01:05:00.000000', 'delegate', 'registered', '2031', '5747-H68Z', '{"status": "confirmed"}');
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (14, '2026-11-23 01:05:00.000000', 'account:ana@cluster.test', 'note_changed', '2031', '5747-H68Z', '{"before": "", "after": "Speaks on Tuesday.\r\nNeeds a badge."}');
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (15, '2026-11-23 01:05:00.000000', 'account:ana@cluster.test', 'tagged', '2031', '5747-H68Z', '{"word": "speaker"}');
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (16, '2026-11-23 01:05:00.000000', 'account:ana@cluster.test', 'letter_written', '2031', '', '{"letter": 1, "subject": "News of {edition}"}');
INSERT INTO audit_entries (id, at, actor, act, scope, about, details) VALUES (17, '2026-11-23 01:05:00.000000', 'account:ana@cluster.test', 'letter_sent', '2031', '', '{"letter": 1, "subject": "News of {edition}", "count": 4}');
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, attempts, refusals) VALUES (11, '<776b3b26-f3c4-4a68-aae0-5ee50afc0001@localhost>', 'registration-confirmed', '2031', '5747-H68Z', 'en', 'Days of Clusters 2031', 'ana@cluster.test', 'd.kovac@cluster.test', 'd.kovac@cluster.test', 'Đorđe Kovac', 'Your place at Days of Clusters 2031 is confirmed', 'text', '<p>text</p>', '[]', 'kept', '2026-11-23 01:05:00.000000', '2026-11-23 01:05:00.000000', 0, 0);
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, attempts, refusals) VALUES (12, '<42220a93-8da4-4edd-b0c0-cca660d0a2ed@localhost>', 'registration-confirmed', '2031', '7KX9-Q2MB', 'en', 'Days of Clusters 2031', 'ana@cluster.test', 'd@dofc.test', 'd@dofc.test', 'Đorđe Kovač', 'Your place at Days of Clusters 2031 is confirmed', 'text', '<p>text</p>', '[]', 'kept', '2026-11-23 01:05:00.000000', '2026-11-23 01:05:00.000000', 0, 0);
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, expires_at, attempts, refusals) VALUES (13, '<9ac7f1ed-1d8b-4afa-96bf-c77741df9173@localhost>', 'announcement', '2031', '7KX9-Q2MB', 'en', 'Days of Clusters 2031', 'ana@cluster.test', 'd@dofc.test', 'd@dofc.test', 'Đorđe Kovač', 'News of Days of Clusters 2031', 'text', '<p>text</p>', '[]', 'kept', '2026-11-23 01:05:00.000000', '2026-11-23 01:05:00.000000', '2031-05-06 14:00:00.000000', 0, 0);
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, expires_at, attempts, refusals) VALUES (14, '<244285a4-ac66-4d34-a171-5e02977059fc@localhost>', 'announcement', '2031', 'C2T2-KG8E', 'en', 'Days of Clusters 2031', 'ana@cluster.test', 'm@cluster.test', 'm@cluster.test', 'محمد', 'News of Days of Clusters 2031', 'text', '<p>text</p>', '[]', 'kept', '2026-11-23 01:05:00.000000', '2026-11-23 01:05:00.000000', '2031-05-06 14:00:00.000000', 0, 0);
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, expires_at, attempts, refusals) VALUES (15, '<6f0fa43b-f550-4c46-9367-c540e501a720@localhost>', 'announcement', '2031', 'KA91-6A9T', 'en', 'Days of Clusters 2031', 'ana@cluster.test', 'sahin@cluster.test', 'sahin@cluster.test', 'Ђорђе Şahin', 'News of Days of Clusters 2031', 'text', '<p>text</p>', '[]', 'kept', '2026-11-23 01:05:00.000000', '2026-11-23 01:05:00.000000', '2031-05-06 14:00:00.000000', 0, 0);
INSERT INTO messages (id, message_id, kind, scope, about, language, sender_name, reply_to, recipient, recipient_key, recipient_name, subject, text, html, attachments, state, queued_at, due_at, expires_at, attempts, refusals) VALUES (16, '<26e5197b-18c9-4937-b6e6-7603241e3b4e@localhost>', 'announcement', '2031', '5747-H68Z', 'en', 'Days of Clusters 2031', 'ana@cluster.test', 'd.kovac@cluster.test', 'd.kovac@cluster.test', 'Đorđe Kovac', 'News of Days of Clusters 2031', 'text', '<p>text</p>', '[]', 'kept', '2026-11-23 01:05:00.000000', '2026-11-23 01:05:00.000000', '2031-05-06 14:00:00.000000', 0, 0);
INSERT INTO letters (id, edition_id, subject, body, audience, anchor, anchor_days, written_by, written_at, released_at, started_at, finished_at) VALUES (1, 1, 'News of {edition}', 'Dear {given_name},

see you.', '{"filters": {}, "references": []}', '', 0, 'ana@cluster.test', '2026-11-23 01:05:00.000000', '2026-11-23 01:05:00.000000', '2026-11-23 01:05:00.000000', '2026-11-23 01:05:00.000000');
UPDATE pools SET taken = 4 WHERE id = 1;
INSERT INTO registrations (id, edition_id, reference, form_key, link_version, revision, given_name, family_name, badge_name, email, email_key, organisation, job_title, country, phone, category_id, dietary, access_needs, visa_letter, photo_consent, language, consent_version, consented_at, registered_at, any_trip, by_name, by_organisation, note, compared) VALUES (7, 1, '5747-H68Z', 'Yw6tAS5RJ2ukVS8weQskCAZzg0Pj4FRR', 1, 0, 'Đorđe', 'Kovac', '', 'd.kovac@cluster.test', 'd.kovac@cluster.test', 'Trakya Cluster', 'Manager', 'TR', '', 1, '', '', FALSE, TRUE, 'en', 'f1bb2b87968bb8fb', '2026-11-23 01:05:00.000000', '2026-11-23 01:05:00.000000', FALSE, 'kovac dorde', 'trakya cluster', 'Speaks on Tuesday.
Needs a badge.', TRUE);
UPDATE registrations SET compared = TRUE WHERE id = 1;
UPDATE registrations SET compared = TRUE WHERE id = 2;
UPDATE registrations SET compared = TRUE WHERE id = 3;
UPDATE registrations SET compared = TRUE WHERE id = 4;
UPDATE registrations SET compared = TRUE WHERE id = 5;
UPDATE registrations SET compared = TRUE WHERE id = 6;
INSERT INTO claims (id, pool_id, registration_id, status, changed_at) VALUES (9, 1, 7, 'confirmed', '2026-11-23 01:05:00.000000');
INSERT INTO letter_recipients (letter_id, registration_id, email_key, message_id) VALUES (1, 1, 'd@dofc.test', 13);
INSERT INTO letter_recipients (letter_id, registration_id, email_key, message_id) VALUES (1, 5, 'm@cluster.test', 14);
INSERT INTO letter_recipients (letter_id, registration_id, email_key, message_id) VALUES (1, 6, 'sahin@cluster.test', 15);
INSERT INTO letter_recipients (letter_id, registration_id, email_key, message_id) VALUES (1, 7, 'd.kovac@cluster.test', 16);
INSERT INTO likely_doubles (id, edition_id, first_id, second_id) VALUES (1, 1, 1, 7);
INSERT INTO search_words (registration_id, word) VALUES (7, '5747');
INSERT INTO search_words (registration_id, word) VALUES (7, '5747h68z');
INSERT INTO search_words (registration_id, word) VALUES (7, 'cluster');
INSERT INTO search_words (registration_id, word) VALUES (7, 'd');
INSERT INTO search_words (registration_id, word) VALUES (7, 'djordje');
INSERT INTO search_words (registration_id, word) VALUES (7, 'dkovacclustertest');
INSERT INTO search_words (registration_id, word) VALUES (7, 'dorde');
INSERT INTO search_words (registration_id, word) VALUES (7, 'h68z');
INSERT INTO search_words (registration_id, word) VALUES (7, 'kovac');
INSERT INTO search_words (registration_id, word) VALUES (7, 'test');
INSERT INTO search_words (registration_id, word) VALUES (7, 'trakya');
INSERT INTO tags (registration_id, word) VALUES (7, 'speaker');
