"""Resellers and the people who sign in for them."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from clearbill.records.models.base import TenantForeignKey, TenantModel
from clearbill.rules.access import Role
from clearbill.rules.lifecycle import KIND_NAMES


class Reseller(models.Model):
    """The tenant. Read before its rows may be, so it holds its address and who may sign in."""

    slug = models.SlugField(max_length=63, unique=True)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="UTC")
    mfa_required = models.BooleanField(default=True, help_text="of staff, at sign-in")
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
    currencies = ArrayField(
        models.CharField(max_length=3), default=list, blank=True, help_text="shown beside billing"
    )
    colour = models.CharField(max_length=7, default="#1d4f91")
    accent_colour = models.CharField(max_length=7, default="#1f5aa6")
    footer = models.TextField(blank=True, default="")
    logo_path = models.TextField(blank=True, default="", help_text="key of a PNG in the store")
    logo_hash = models.CharField(max_length=64, blank=True, default="")
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
    is_admin = models.BooleanField(
        default=False, help_text="a customer's administrator: manages its other portal users"
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
            models.CheckConstraint(
                condition=models.Q(is_admin=False) | models.Q(role="portal"),
                name="administrators_are_portal_users",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} at {self.reseller_id}"


class Invitation(TenantModel):
    """Asks somebody to sign in for the first time. Its link is signed and carries `nonce`.

    It ends by being accepted, revoked (sending it again revokes the one before), or with time.
    """

    email = models.EmailField()
    role = models.CharField(max_length=20, choices=[(role.value, role.value) for role in Role])
    customer = TenantForeignKey("records.Customer", null=True, blank=True, related_name="+")
    is_admin = models.BooleanField(default=False)
    nonce = models.CharField(max_length=64)
    who = models.CharField(max_length=254)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reseller", "email"],
                condition=models.Q(accepted_at__isnull=True, revoked_at__isnull=True),
                name="one_open_invitation",
            ),
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="invited_emails_are_lower_case"
            ),
        ]

    def __str__(self) -> str:
        return self.email


class AccessEvent(TenantModel):
    """Who changed somebody's access, or looked at the portal as a customer. Appended to only."""

    at = models.DateTimeField()
    who = models.CharField(max_length=254)
    what = models.CharField(max_length=40)
    subject = models.CharField(max_length=254, help_text="whose access: an e-mail or a customer")
    data = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["reseller", "-at"], name="access_events")]

    def __str__(self) -> str:
        return f"{self.what} {self.subject}"
