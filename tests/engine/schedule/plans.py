"""Schedules of every kind that looks at the clock, for tests."""

from hypothesis import strategies as st

from yester.engine.profiles.profile import ScheduleSpec

at = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
hours = st.one_of(
    st.lists(st.integers(0, 23), min_size=1, max_size=5).map(lambda listed: ",".join(map(str, listed))),
    st.builds("*/{}".format, st.integers(1, 23)),
)
calendar_plans = st.one_of(
    st.builds(ScheduleSpec, when=st.just("minutes"), every=st.sampled_from((1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30))),
    st.builds(ScheduleSpec, when=st.just("hours"), every=st.sampled_from((1, 2, 3, 4, 6, 8, 12)), at=at),
    st.builds(ScheduleSpec, when=st.just("custom-hours"), hours=hours, at=at),
    st.builds(ScheduleSpec, when=st.just("daily"), at=at),
    st.builds(ScheduleSpec, when=st.just("weekly"), weekday=st.integers(1, 7), at=at),
    st.builds(ScheduleSpec, when=st.just("monthly"), day=st.integers(1, 28), at=at),
    st.builds(ScheduleSpec, when=st.just("yearly"), day=st.integers(1, 28), month=st.integers(1, 12), at=at),
)
repeated_plans = st.builds(
    ScheduleSpec,
    when=st.just("repeatedly"),
    every=st.integers(1, 40),
    unit=st.sampled_from(("hours", "days", "weeks", "months")),
)
zones = st.sampled_from(
    (
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/Santiago",
        "Asia/Beirut",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
    )
)
