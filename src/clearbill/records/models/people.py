"""Resellers and the people who sign in for them."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from clearbill.records.models.base import TenantForeignKey, TenantModel
from clearbill.rules.access import Role
from clearbill.rules.lifecycle import KIND_NAMES


class Reseller(models.Model):
    """The tenant. Read before anybody is signed in, so it holds nothing but its address."""

    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="UTC")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ResellerSettings(TenantModel):
    """What a reseller prints on its documents, and how it numbers them."""

    kind = models.CharField(
        max_length=20, choices=[(kind.value, name) for kind, name in KIND_NAMES.items()]
    )
    currency = models.CharField(max_length=3)
    legal_name = models.CharField(max_length=300, blank=True, default="")
    address = models.TextField(blank=True, default="")
    tax_id = models.CharField(max_length=60, blank=True, default="")
    bank_details = models.TextField(blank=True, default="")
    legal_text = models.TextField(blank=True, default="")
    terms_days = models.PositiveSmallIntegerField(default=30)
    zero_totals_publish_fully = models.BooleanField(
        default=False,
        help_text="Number and mail documents that come to 0.00 as any other.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reseller"], name="one_settings_row_per_reseller")
        ]

    def __str__(self) -> str:
        return self.legal_name


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """A person, known by e-mail across resellers. What one may do stands in Membership."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True, default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="emails_are_lower_case"
            )
        ]

    def __str__(self) -> str:
        return self.email


class Membership(models.Model):
    """Grants one user one role at one reseller; a portal user's names its customer.

    Read at sign-in, before the reseller is known, so it has no policy.
    """

    ACTIVE, SUSPENDED = "Active", "Suspended"

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    reseller = models.ForeignKey(Reseller, models.DO_NOTHING, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    customer = TenantForeignKey("records.Customer", null=True, blank=True, related_name="portal")
    state = models.CharField(
        max_length=10, choices=[(ACTIVE, ACTIVE), (SUSPENDED, SUSPENDED)], default=ACTIVE
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "reseller"], name="one_membership_per_user_and_reseller"
            ),
            models.CheckConstraint(
                condition=models.Q(role="portal", customer__isnull=False)
                | (~models.Q(role="portal") & models.Q(customer__isnull=True)),
                name="portal_users_have_a_customer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} at {self.reseller_id}"
