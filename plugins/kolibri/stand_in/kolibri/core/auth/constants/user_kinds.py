"""Kinds of users."""

ADMIN = "admin"
COACH = "coach"
ASSIGNABLE_COACH = "classroom assignable coach"
LEARNER = "learner"
SUPERUSER = "superuser"
ANONYMOUS = "anonymous"
CAN_MANAGE_CONTENT = "can manage content"
