"""Event registration for the Days of Clusters. The map, top of the ladder first; imports only go down.

app           create_app(settings): the one place that knows every feature
commands      the flask commands and the worker
dashboard     organisers' pages that span features        public   / and /editions/: what anyone sees
letters       what organisers write to many delegates at once
registration  the delegate's acts and every message to delegates
hosting       the next host: call, proposal, review, ballot, decision, hand-over
trips         learning trips: what is on offer
places        pools and claims: the one place where something scarce is given, released, offered
delegates     who is registered where: table, reference, link, search
accounts      who signs in, and what they may do
conference    network, organisations, members, editions, categories, outcomes
mail          the outbox          web   what all views share          documents   values into files (calendar)
extensions    Flask extensions, unbound
core          database, clock, errors, tokens, countries, audit
config        Settings, read from the environment once
"""
