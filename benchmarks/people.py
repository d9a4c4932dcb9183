"""The parts of invented people, in the scripts that delegates use."""

GIVEN_NAMES = "Ana Đorđe Жељко Βασιλική Zoë 지우 Łukasz Şebnem Nino Élodie Іван Mirjana John Андон Øystein".split()
FAMILY_NAMES = (
    "Đorđević Жикић Παπαδόπουλος Ковач Kowalska 김 Yılmaz ბერიძე Țepeș Müller Шевченко O’Neill Horvat".split()
)
CITIES = "Niš Sofia Thessaloniki Praha İzmir Tbilisi Cluj Wrocław Zagreb Skopje Odesa Busan Graz Tirana".split()
COUNTRIES = "RS BG GR CZ TR GE RO PL HR MK UA KR AT AL BA ME SI HU IT DE FR US MD AZ XK CY".split()
SYLLABLES = "ba da ko li mi no pe ra so ti ve zu".split()
