"""Scopes, permissions, escapes and limits: what one may see, do, run and fill."""

from mutants.mutant import of

_WALL = "doors/test_first_wall.py::"
_MATRIX = "doors/test_access_matrix.py::"
_MIDDLEWARE = "wiring/test_middleware.py::"
_scope = of("scope", "wiring/middleware.py")
_permission = of("permission", "wiring/middleware.py")
_roles = of("permission", "rules/access.py")
_mail = of("escape", "paper/mail.py", "paper/test_mail.py")
_templates = of("escape", "rules/templates.py")
_guard = of("escape", "paper/guard.py")

MUTANTS = [
    _scope.without(
        "an address opens its own reseller alone",
        '                reseller__slug=Given("slug"),\n',
        "",
        f"{_MIDDLEWARE}test_anothers_reseller_and_an_unknown_one_give_the_same_answer",
    ),
    _scope.without(
        "a request begins without the reseller of the one before",
        "        tenancy.set_session(None)\n",
        "",
        f"{_MIDDLEWARE}test_the_reseller_does_not_leak_into_the_next_anonymous_request",
    ),
    of("scope", "queries/documents.py").without(
        "a document is looked up within its reseller",
        '        Document.objects.filter(reseller_id=Given("reseller"), code=Given("code"))\n',
        '        Document.objects.filter(code=Given("code"))\n',
        f"{_WALL}test_no_page_needs_the_policies_to_show_its_own_reseller_alone[portal]",
    ),
    of("scope", "web/loaders.py").without(
        "a customer is looked up within its reseller",
        "Customer.objects.filter(reseller=request.reseller, pk=customer_id)",
        "Customer.objects.filter(pk=customer_id)",
        f"{_WALL}test_no_page_needs_the_policies_to_find_no_row_of_another_reseller",
    ),
    of("scope", "portal/views.py").without(
        "a customer opens its own documents alone",
        "    if document is None or document.customer_id != request.membership.customer_id:",
        "    if document is None:",
        f"{_MATRIX}test_a_draft_and_anothers_document_are_behind_no_address",
    ),
    of("scope", "queries/documents.py").without(
        "a customer's list has no draft",
        "        reseller_id=reseller_id, customer_id=customer_id, status__in=SEEN\n",
        "        reseller_id=reseller_id, customer_id=customer_id\n",
        "portal/test_invoices.py::test_a_draft_is_found_by_no_tab_search_or_sort",
    ),
    of("scope", "queries/documents.py").without(
        "a customer finds nothing by hidden fields",
        "    if not by_customer:\n",
        "    if words:\n",
        "portal/test_invoices.py::test_nobody_finds_a_document_by_a_field_that_is_hidden",
    ),
    of("scope", "portal/support.py").without(
        "a customer opens its own tickets alone",
        "reseller=request.reseller, customer_id=_customer(request), code=code",
        "reseller=request.reseller, code=code",
        "console/test_tickets.py::test_a_file_comes_back_as_a_download_under_a_harmless_name",
    ),
    of("scope", "paper/detailed_csv.py").without(
        "customers get the columns of the allow-list alone",
        'sources = everything if audience == "staff" else ALLOWED',
        "sources = everything",
        "paper/test_detailed_csv.py::test_sales_and_customers_see_the_allow_list_alone",
    ),
    _scope.without(
        "who looks as a customer writes nothing",
        '            if request.method not in ("GET", "HEAD"):',
        "            if not request.method:",
        "portal/test_view_as.py",
    ),
    _permission.without(
        "a suspended member is a stranger",
        "                state=Membership.ACTIVE,\n                role__in=roles,",
        "                role__in=roles,",
        f"{_MIDDLEWARE}test_a_suspended_member_is_a_stranger",
    ),
    _permission.without(
        "each door opens for its own roles",
        "            role__in=roles,\n",
        "",
        f"{_MIDDLEWARE}test_staff_do_not_come_through_the_portal",
    ),
    _permission.without(
        "staff have a second factor where it is asked for",
        "        if _lacks_second_factor(membership):",
        "        if not membership:",
        "actions/test_people.py::test_a_second_factor_is_asked_of_all_staff_by_the_owner_alone",
    ),
    of("permission", "web/permissions.py").without(
        "a page opens for roles that may take its verb",
        "            if not allowed(tenant.membership.role, verb):",
        "            if not verb:",
        f"{_MATRIX}test_staff_open_what_their_role_may_and_nothing_else",
    ),
    of("permission", "console/views/imports.py").without(
        "each page declares its permission",
        '@permission("usage.read")\ndef index(',
        "def index(",
        f"{_MATRIX}test_every_view_declares_its_permission",
    ),
    _roles.without(
        "sales and auditors change no status",
        '    "documents.change_status": _WRITERS,',
        '    "documents.change_status": _ALL_STAFF,',
        "actions/test_status.py::test_readers_change_nothing",
    ),
    _roles.without(
        "sales sees no cost",
        '    "documents.read_cost": _READS_COST,',
        '    "documents.read_cost": _ALL_STAFF,',
        f"{_MATRIX}test_no_cost_reaches_sales",
    ),
    of("permission", "actions/bulk.py").without(
        "who loses the role while a job runs changes nothing more",
        "        actor = Actor(job.who, role[0])\n",
        "        actor = Actor(job.who, job.role)\n",
        "actions/test_bulk.py::test_who_loses_the_role_while_a_job_runs_changes_nothing_more",
    ),
    of("permission", "actions/people.py").without(
        "an administrator manages its own customer's people alone",
        "        member = member if member is not None and member.customer_id == mine else None\n",
        "",
        "actions/test_people.py::test_an_administrator_manages_its_own_customers_people_alone",
    ),
    of("permission", "wiring/roles.py").without(
        "the application may not rewrite the list of migrations",
        '            "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {app}",\n',
        "",
        "wiring/test_roles.py::test_the_application_role_may_not",
    ),
    of("escape", "web/jinja.py").without(
        "pages escape what people wrote",
        "        autoescape=True,",
        "        autoescape=False,",
        "web/test_jinja.py::test_text_of_people_is_escaped",
    ),
    of("escape", "wiring/middleware.py").without(
        "every answer has a content security policy",
        '        response.headers.setdefault("Content-Security-Policy", self.POLICY)\n',
        "",
        f"{_MIDDLEWARE}test_every_answer_forbids_inline_and_foreign_scripts",
    ),
    _guard.without(
        "a cell that a spreadsheet would run is guarded",
        '        return "\'" + inside\n',
        "        return inside\n",
        "paper/test_csv.py::test_the_guard_as_worked_examples",
    ),
    _guard.without(
        "so is one of the Detailed CSV",
        "WHEN {first} THEN '''' || {inside} ELSE",
        "WHEN {first} THEN {inside} ELSE",
        "paper/test_csv.py::test_the_engine_guards_as_python_does",
    ),
    _mail.without(
        "a subject is one line",
        "    text = one_line(filled(template, values))",
        "    text = filled(template, values)",
    ),
    of("escape", "paper/mail_frame.py", "paper/test_mail.py").without(
        "a mail escapes names and words",
        '    return escape(text).replace("\\n", "<br>")',
        '    return text.replace("\\n", "<br>")',
    ),
    _templates.without(
        "a value is never a template",
        "    return _PARAMETER.sub(lambda found: values[found[1]], template)",
        "    for name, value in values.items():\n"
        '        template = template.replace(f"{{{name}}}", value)\n'
        "    return template",
        "rules/test_templates.py::test_a_value_that_looks_like_a_parameter_is_not_filled_in",
    ),
    _templates.without(
        "a template has known parameters alone",
        "        if name not in PARAMETERS:",
        "        if not PARAMETERS:",
        "rules/test_templates.py::test_an_unknown_parameter_is_refused_with_its_name_and_the_list",
    ),
    of("limit", "wiring/settings.py").without(
        "tries to sign in are counted",
        '    "login_failed": "10/m/ip,5/300s/key",',
        '    "login_failed": "1000/m/ip,1000/m/key",',
        "wiring/test_proxies.py::test_one_clients_tries_lock_no_other_out",
    ),
    of("limit", "usage/files.py").without(
        "a compressed file is measured by what comes out",
        "                if size > max_bytes:",
        "                if size < 0:",
        "usage/test_refusals.py::test_a_bomb_is_refused_by_the_bytes_that_come_out",
    ),
    of("limit", "usage/files.py").without(
        "a row has a greatest length",
        "        if self._line_bytes + (first if first >= 0 else len(chunk)) > MAX_ROW:",
        "        if self._line_bytes < 0:",
        "usage/test_row_limit.py",
    ),
    of("limit", "actions/tickets.py").without(
        "a ticket's file has a greatest size",
        "    if len(upload.data) > rules.MOST_BYTES:",
        "    if not upload.name:",
        "actions/test_ticket_file.py",
    ),
    of("limit", "paper/logo.py").without(
        "a logo is measured before it is unpacked",
        "        if max(opened.size) > MOST_PIXELS:",
        "        if not opened.size:",
        "paper/test_logo_limit.py",
    ),
    of("limit", "web/paging.py").without(
        "a page has a greatest number of rows",
        "    found = found[:size]\n",
        "",
        "web/test_page_limit.py",
    ),
    of("limit", "actions/invitations.py").without(
        "one person invites thirty in an hour",
        "        lately.filter(who=actor.name).count() >= ACTORS_AN_HOUR\n",
        "        lately.filter(who=actor.name).count() < 0\n",
        "actions/test_invitations.py::test_one_person_invites_thirty_in_an_hour",
    ),
]
