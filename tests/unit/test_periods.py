"""The table "Periods" of the contract's worked examples, and what must hold for every start."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.kernel.periods import (
    Interval,
    Period,
    PeriodOutOfRange,
    boundary,
    index_of,
    period,
    period_at,
)

UTC_ZONE = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    *(UTC_ZONE, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")),
    *(ZoneInfo("Pacific/Apia"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/St_Johns")),
    *(ZoneInfo("Africa/Casablanca"), ZoneInfo("Pacific/Kiritimati"), ZoneInfo("America/Havana")),
]

anchors = st.integers(631_152_000, 2_840_140_800).map(  # the years 1990 to 2059
    lambda seconds: datetime.fromtimestamp(seconds, tz=UTC)
)
zones = st.sampled_from(ZONES)
intervals = st.sampled_from(list(Interval))
indexes = st.integers(-120, 120)


NAIVE = datetime.fromisoformat("2025-04-01")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def boundaries(anchor: datetime, zone: ZoneInfo, interval: Interval, count: int) -> list[datetime]:
    return [
        boundary(anchor=anchor, zone=zone, interval=interval, index=index) for index in range(count)
    ]


def local(wall: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(wall).replace(tzinfo=zone).astimezone(UTC)


def test_row_2025_01_31_10_00_month_berlin() -> None:
    anchor = local("2025-01-31 10:00", BERLIN)

    assert boundaries(anchor, BERLIN, Interval.MONTH, 4) == [
        at("2025-01-31 09:00"),
        at("2025-02-28 09:00"),
        at("2025-03-31 08:00"),
        at("2025-04-30 08:00"),
    ]


def test_row_2025_01_30_02_30_month_berlin_with_a_skipped_time() -> None:
    anchor = local("2025-01-30 02:30", BERLIN)

    found = boundaries(anchor, BERLIN, Interval.MONTH, 4)

    assert found == [
        at("2025-01-30 01:30"),
        at("2025-02-28 01:30"),
        at("2025-03-30 01:30"),
        at("2025-04-30 00:30"),
    ]
    assert found[2].astimezone(BERLIN).strftime("%H:%M") == "03:30"


def test_row_2024_02_29_year_utc() -> None:
    found = boundaries(at("2024-02-29"), UTC_ZONE, Interval.YEAR, 5)

    assert found[1:] == [
        at("2025-02-28"),
        at("2026-02-28"),
        at("2027-02-28"),
        at("2028-02-29"),
    ]


def test_of_a_local_time_that_comes_twice_the_first_counts() -> None:
    anchor = local("2025-09-26 02:30", BERLIN)

    found = boundaries(anchor, BERLIN, Interval.MONTH, 2)

    assert found[1] == at("2025-10-26 00:30")


def test_an_anchor_at_the_second_of_two_equal_times_stays_where_it_is() -> None:
    anchor = at("2025-10-26 01:30")  # 02:30 in Berlin for the second time

    found = boundaries(anchor, BERLIN, Interval.DAY, 2)

    assert found == [anchor, at("2025-10-27 01:30")]


def test_days_and_weeks_follow_the_local_clock_too() -> None:
    anchor = local("2025-03-29 12:00", BERLIN)

    day = period(anchor=anchor, zone=BERLIN, interval=Interval.DAY, index=0)
    week = period(anchor=anchor, zone=BERLIN, interval=Interval.WEEK, index=0)

    assert (day.end, day.seconds) == (at("2025-03-30 10:00"), 23 * 3600)
    assert (week.end, week.seconds) == (at("2025-04-05 10:00"), (7 * 24 - 1) * 3600)


def test_a_day_has_25_hours_when_the_clock_goes_back() -> None:
    anchor = local("2025-10-25 12:00", BERLIN)

    assert period(anchor=anchor, zone=BERLIN, interval=Interval.DAY, index=0).seconds == 25 * 3600


def test_a_quarter_keeps_the_anchor_day() -> None:
    assert boundaries(at("2024-11-30"), UTC_ZONE, Interval.QUARTER, 3) == [
        at("2024-11-30"),
        at("2025-02-28"),
        at("2025-05-30"),
    ]


def test_a_gap_of_half_an_hour_moves_by_half_an_hour() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    anchor = local("2025-10-04 02:15", zone)

    (_, skipped) = boundaries(anchor, zone, Interval.DAY, 2)

    assert skipped.astimezone(zone).strftime("%H:%M") == "02:45"


def test_a_day_that_a_zone_skipped_is_an_empty_period() -> None:
    zone = ZoneInfo("Pacific/Apia")
    anchor = local("2011-12-29 10:00", zone)
    skipped, after = (
        period(anchor=anchor, zone=zone, interval=Interval.DAY, index=index) for index in (1, 2)
    )

    found = index_of(anchor=anchor, zone=zone, interval=Interval.DAY, instant=skipped.start)

    assert (skipped.seconds, after.seconds, found) == (0, 86_400, 2)


def test_a_clock_set_back_over_midnight_does_not_bring_yesterdays_period_back() -> None:
    zone = ZoneInfo("America/St_Johns")  # there 00:01 became 23:01 of the day before
    anchor = local("2010-11-01 00:00:30", zone)
    again_the_6th = at("2010-11-07 03:00")

    found = index_of(anchor=anchor, zone=zone, interval=Interval.DAY, instant=again_the_6th)

    assert again_the_6th.astimezone(zone).strftime("%d %H:%M") == "06 23:30"
    assert found == 6


@given(anchors, zones, intervals, indexes)
def test_periods_are_contiguous_and_do_not_overlap(
    anchor: datetime, zone: ZoneInfo, interval: Interval, index: int
) -> None:
    this, following = (
        period(anchor=anchor, zone=zone, interval=interval, index=i) for i in (index, index + 1)
    )

    assert this.end == following.start
    assert this.start <= this.end <= following.end
    assert this.overlap(following) is None


@given(anchors, zones, intervals, indexes)
def test_the_wall_clock_of_the_anchor_is_kept(
    anchor: datetime, zone: ZoneInfo, interval: Interval, index: int
) -> None:
    wall = anchor.astimezone(zone).replace(tzinfo=None)

    found = boundary(anchor=anchor, zone=zone, interval=interval, index=index).astimezone(zone)

    shown = found.replace(tzinfo=None)
    if interval in {Interval.DAY, Interval.WEEK}:
        expected = wall + timedelta(days=index * (7 if interval is Interval.WEEK else 1))
    else:
        expected = shown.replace(
            day=min(wall.day, monthrange(shown.year, shown.month)[1]),
            hour=wall.hour,
            minute=wall.minute,
            second=wall.second,
        )
    real = expected.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    assert shown in (expected, real)


@given(anchors, zones, intervals, indexes, st.integers(0, 10**9))
def test_index_of_is_the_inverse_of_boundary(
    anchor: datetime, zone: ZoneInfo, interval: Interval, index: int, offset: int
) -> None:
    stretch = period(anchor=anchor, zone=zone, interval=interval, index=index)
    instant = stretch.start + timedelta(seconds=offset % max(stretch.seconds, 1))

    found = index_of(anchor=anchor, zone=zone, interval=interval, instant=instant)

    home = period_at(anchor=anchor, zone=zone, interval=interval, instant=instant)
    assert instant in home
    assert found == index or stretch.start == stretch.end
    assert home == period(anchor=anchor, zone=zone, interval=interval, index=found)


@given(anchors, zones, indexes)
def test_months_agree_with_counting_days_one_by_one(
    anchor: datetime, zone: ZoneInfo, index: int
) -> None:
    """A slow reference: walk the calendar month by month, keep only the day of the anchor."""
    year, month, wanted = (wall := anchor.astimezone(zone)).year, wall.month, wall.day
    for _ in range(abs(index)):
        month += 1 if index > 0 else -1
        if month in {0, 13}:
            year, month = (year - 1, 12) if month == 0 else (year + 1, 1)
    day = date(year, month, 1)
    while day.day < wanted and (day + timedelta(days=1)).month == month:
        day += timedelta(days=1)

    found = boundary(anchor=anchor, zone=zone, interval=Interval.MONTH, index=index)

    expected = datetime.combine(day, wall.time()).replace(tzinfo=zone, fold=0).astimezone(UTC)
    assert found == (anchor if index == 0 else expected)


@given(st.integers(0, 2_592_000), st.integers(0, 2_592_000))
def test_parts_of_a_period_make_its_whole(first: int, second: int) -> None:
    whole = Period(at("2025-04-01"), at("2025-05-01"))
    cut = whole.start + timedelta(seconds=min(first, second))
    parts = [Period(whole.start, cut), Period(cut, whole.end)]

    assert sum(Fraction(part.seconds, whole.seconds) for part in parts) == 1


def test_a_period_is_half_open() -> None:
    stretch = Period(at("2025-04-01"), at("2025-05-01"))

    assert stretch.start in stretch
    assert stretch.end not in stretch
    assert stretch.end - timedelta(microseconds=1) in stretch


def test_only_whole_elapsed_seconds_count() -> None:
    start = at("2025-04-01")

    assert Period(start, start + timedelta(seconds=1, microseconds=999_999)).seconds == 1
    assert Period(start, start).seconds == 0


def test_the_overlap_is_what_both_have() -> None:
    april = Period(at("2025-04-01"), at("2025-05-01"))

    assert april.overlap(Period(at("2025-04-20"), at("2025-06-01"))) == Period(
        at("2025-04-20"), at("2025-05-01")
    )
    assert april.overlap(Period(at("2025-05-01"), at("2025-06-01"))) is None


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (NAIVE, NAIVE + timedelta(days=30)),
        (at("2025-04-01"), datetime(2025, 5, 1, tzinfo=timezone(timedelta(hours=2)))),
        (at("2025-05-01"), at("2025-04-01")),
    ],
    ids=["naive", "another zone", "end before start"],
)
def test_a_period_that_cannot_be_is_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match="period"):
        Period(start, end)


@pytest.mark.parametrize("interval", list(Interval))
def test_the_end_of_the_calendar_is_one_clear_error(interval: Interval) -> None:
    for anchor, index in ((at("9999-12-31"), 1), (at("0001-01-01"), -1), (at("2025-01-01"), 10**7)):
        with pytest.raises(PeriodOutOfRange):
            boundary(anchor=anchor, zone=UTC_ZONE, interval=interval, index=index)
    with pytest.raises(PeriodOutOfRange):
        boundary(
            anchor=at("9999-12-31 23:30"), zone=ZoneInfo("Asia/Tokyo"), interval=interval, index=1
        )


@pytest.mark.parametrize("index", [0, 1])
def test_a_naive_anchor_is_refused(index: int) -> None:
    with pytest.raises(ValueError, match="aware"):
        boundary(anchor=NAIVE, zone=BERLIN, interval=Interval.DAY, index=index)
