"""Event registration for the Days of Clusters. The map, top of the ladder first; imports only go down.

app           create_app(settings): the one place that knows every package
commands      the flask commands and the worker
organise      organisers' pages, one package an area      public   / and /editions/: what anyone sees
privacy       what is kept about people and how long, handed out, erased: knows every feature
letters       what organisers write to many delegates at once            imports  files into registrations
groups        several registrations with one contact; places promised to a delegation
registration  the delegate's acts and pages
hosting       the next host: call, proposal, review, ballot, decision, hand-over
notices       who is told what about what they hold: news, and the messages to delegates
trips         learning trips: what is on offer, sign-ups, the draw
places        pools and claims: the one place where something scarce is given, released, offered
delegates     who is registered where: table, reference, link, search, likely doubles
questions     an edition's own questions and their answers
accounts      who signs in, and what they may do
conference    network, organisations, members, editions, categories, outcomes
mail          the outbox          web   what all views share          documents   values into files (calendar)
extensions    Flask extensions, unbound
core          database, clock, errors, tokens, countries, audit
config        Settings, read from the environment once
"""
