"""The attacks tried from outside, and the tests that show each to be repelled.

`test_attacks` checks that they exist. A test is named by its module below `tests` and its name. The matrices of this
folder cover every route, key and topic, so a new one is tried without being listed here.
"""

from collections.abc import Mapping

_SIGN_IN = "integration/test_inbox_sign_in"
_FORMS = "integration/test_inbox_sign_in_forms"
_TRICKS = "hostile/test_inbox_tricks"
_MATRIX = "hostile/test_inbox_matrix"
_KEYS = "hostile/test_publishers_matrix"
_INGRESS = "hostile/test_ingress_tricks"
_TAKEOVER = "hostile/test_takeover"

_WAY_IN: Mapping[str, tuple[str, ...]] = {
    "a link is guessed, opened by a scanner, used at once by many, used again": (
        f"{_SIGN_IN}::test_an_invented_token_signs_no_one_in",
        f"{_SIGN_IN}::test_opening_a_link_shows_a_button_and_does_not_use_the_link",
        f"{_SIGN_IN}::test_one_of_many_simultaneous_presses_signs_in",
        f"{_SIGN_IN}::test_a_link_signs_in_once",
        f"{_SIGN_IN}::test_only_hashes_of_tokens_are_stored",
    ),
    "links are asked for without end, or to find out who is known": (
        f"{_SIGN_IN}::test_links_for_one_address_are_rationed",
        f"{_SIGN_IN}::test_requests_from_one_address_are_rationed_for_all_people_together",
        f"{_SIGN_IN}::test_simultaneous_requests_get_no_more_links_than_successive_ones",
        f"{_SIGN_IN}::test_requesting_a_link_gives_everyone_the_same_answer",
    ),
    "a mailed link is led to another host": (
        f"{_TRICKS}::test_an_emailed_link_leads_to_our_own_address_for_any_host_header",
        f"{_TRICKS}::test_every_answer_has_its_security_headers",
    ),
    "sign-in or a button leads to another site": (f"{_SIGN_IN}::test_sign_in_never_leads_away",),
    "a form is sent from another site, or without its token": (
        f"{_TRICKS}::test_a_form_without_the_token_of_its_own_session_does_nothing",
        f"{_TRICKS}::test_a_form_of_another_site_does_nothing_though_it_has_the_token",
        f"{_TRICKS}::test_a_form_in_the_address_or_of_another_kind_does_nothing",
        f"{_FORMS}::test_a_form_of_another_site_signs_no_one_in",
    ),
    "a session is chosen for somebody, or goes on after sign-out": (
        f"{_TRICKS}::test_a_session_chosen_by_an_attacker_is_not_used",
        f"{_SIGN_IN}::test_signing_out_ends_the_session_on_the_server",
        f"{_SIGN_IN}::test_signing_out_everywhere_ends_every_session_and_link_of_this_person_alone",
    ),
    "the cookie is read by a script or sent elsewhere": (
        f"{_FORMS}::test_the_cookie_is_kept_from_scripts_and_other_sites",
        f"{_FORMS}::test_over_https_the_cookie_belongs_to_this_host_alone",
    ),
    "a page is framed, sniffed or made to load something": (f"{_TRICKS}::test_every_answer_has_its_security_headers",),
    "two people have one address": (f"{_SIGN_IN}::test_an_address_of_two_people_gets_no_link",),
    "a session or link of an address that was taken away": (
        f"{_SIGN_IN}::test_sessions_and_links_end_with_the_address_that_they_came_by",
        f"{_TAKEOVER}::test_a_removed_address_opens_nothing_any_more_and_both_addresses_are_notified",
    ),
    "a session of somebody who left, also once they are back": (
        f"{_SIGN_IN}::test_a_person_who_left_is_signed_out_and_stays_out",
        f"{_SIGN_IN}::test_a_person_who_returns_must_sign_in_again",
    ),
    "a stream that goes on after its session": (
        "integration/test_inbox_live::test_an_open_page_gets_nothing_more_once_its_session_has_ended",
    ),
}
_WHO_MAY: Mapping[str, tuple[str, ...]] = {
    "every person at every route with the ids of others, made-up ids and none": (
        f"{_MATRIX}::test_every_route_has_a_row",
        f"{_MATRIX}::test_no_one_gets_more_than_the_table_allows",
        f"{_MATRIX}::test_an_invalid_id_finds_nothing",
    ),
    "a form of an earlier round is sent again": (
        f"{_TRICKS}::test_a_form_of_an_earlier_state_does_nothing",
        "integration/test_inbox_buttons::test_every_button_pressed_twice_from_one_page_does_no_harm",
    ),
    "a reader's key publishes, a publisher's key reads, or a key is nearly right": (
        f"{_KEYS}::test_an_invalid_key_publishes_nothing_and_is_not_repeated",
        f"{_KEYS}::test_a_key_in_the_address_publishes_nothing",
        f"{_MATRIX}::test_no_one_gets_more_than_the_table_allows",
    ),
    "the key of a shop names people, or is used as another shop's": (
        f"{_KEYS}::test_a_key_publishes_its_sources_and_types_and_the_directory_only_with_its_right",
        f"{_KEYS}::test_a_batch_with_one_event_beyond_the_keys_rights_is_refused_whole",
        f"{_TAKEOVER}::test_the_key_of_a_shop_changes_neither_people_nor_account_owners",
    ),
    "a button, a timer or a service's own event is sent by a publisher": (
        f"{_KEYS}::test_no_key_can_publish_presses_timers_or_services_own_events",
        f"{_KEYS}::test_no_record_presses_a_button_fires_a_timer_or_belongs_to_another_topic",
    ),
    "a record is written to a topic of the services": (
        "integration/test_other_writers::test_others_who_may_write_are_named_by_topic_however_the_right_was_granted",
    ),
    "a wrong clock freezes a person": (
        "integration/test_times_ahead::test_a_person_dated_years_ahead_is_refused_and_the_right_record_counts",
    ),
}
_WORDS: Mapping[str, tuple[str, ...]] = {
    "markup or a template in what customers say": (
        "integration/test_inbox_privacy::test_customers_words_cannot_become_markup",
        "hostile/test_letters::test_a_letter_shows_a_customers_words_literally",
    ),
    "another header in a mail": ("hostile/test_letters::test_a_letter_has_exactly_our_headers_for_any_customer_name",),
    "escapes for a terminal in a mail": (
        "hostile/test_letters::test_no_part_of_a_letter_has_a_character_that_a_terminal_obeys",
        "integration/test_machine::test_mail_cannot_style_or_steer_the_terminal",
    ),
    "escapes for a terminal in what commands print": (
        "integration/test_explain_command::test_customers_words_do_not_control_the_terminal",
        "integration/test_policy_command::test_other_peoples_words_do_not_control_the_terminal",
        "hostile/test_operators::test_a_dead_letter_is_shown_without_a_character_that_a_terminal_obeys",
    ),
    "a customer's number is a code for the telephone": (
        "unit/test_phones::test_nothing_but_digits_is_dialled_and_an_extension",
    ),
    "control characters and texts without end in fields": (
        f"{_TRICKS}::test_values_that_no_page_sends_are_refused_or_ignored",
        "hostile/test_pages::test_no_form_is_a_5xx_with_or_without_the_token_of_its_page",
    ),
    "secrets in logs, metrics and files": (
        "integration/test_http_faults::test_no_key_nor_value_received_is_logged",
        "hostile/test_privacy::test_the_canary_is_in_no_log",
        "integration/test_machine::test_files_with_keys_passwords_or_customers_words_are_private_to_their_owner",
    ),
}
_REQUESTS: Mapping[str, tuple[str, ...]] = {
    "a path leads out of the assets or round the sign-in": (
        f"{_TRICKS}::test_no_other_spelling_of_a_path_bypasses_the_sign_in",
        "hostile/test_pages::test_no_path_or_query_of_a_page_is_a_5xx",
    ),
    "a host or a forwarding header makes somebody else of a stranger": (
        f"{_TRICKS}::test_neither_a_host_nor_a_forwarding_header_signs_a_stranger_in",
    ),
    "the service is made to fetch an address": (
        "hostile/test_attacks::test_no_part_of_the_product_fetches_an_address",
    ),
    "two lengths, a length with chunks, no host, headers without end": (
        "hostile/test_sockets::test_malformed_bytes_are_refused_and_the_next_request_is_answered",
        "adapters/test_web_server::test_two_lengths_are_refused_and_the_following_bytes_are_not_answered",
    ),
    "HEAD and other methods": (
        f"{_MATRIX}::test_head_is_answered_like_get_without_a_body",
        f"{_MATRIX}::test_no_route_accepts_another_method",
    ),
    "a packed body": (f"{_INGRESS}::test_a_compressed_body_is_not_decompressed",),
    "a body that is large, deep, or full of keys": (
        f"{_INGRESS}::test_an_expensive_body_is_answered_and_the_next_one_too",
        f"{_INGRESS}::test_a_large_body_without_a_key_is_refused_and_not_kept",
    ),
    "thousands of parameters and headers": (
        f"{_INGRESS}::test_thousands_of_headers_parameters_and_events_are_bounded",
    ),
    "a thousand silent connections": (
        "hostile/test_sockets::test_a_thousand_silent_connections_block_no_page",
        "adapters/test_web_server::test_missing_headers_end_the_connection",
        "adapters/test_web_server::test_a_kept_connection_ends_although_headers_of_another_request_drip_in",
    ),
    "a library with a known hole": ("hostile/test_attacks::test_no_library_has_a_version_with_known_vulnerabilities",),
}
_SERVERS: Mapping[str, tuple[str, ...]] = {
    "the database's disk is full": (
        f"{_INGRESS}::test_a_full_disk_is_a_503_and_the_same_event_is_applied_once_there_is_room",
    ),
    "Kafka takes nothing": (
        "integration/test_relay::test_rows_are_not_marked_while_the_broker_is_away",
        "integration/test_relay::test_a_broker_that_crashes_in_the_middle_costs_no_row_and_no_order",
    ),
    "the database only reads, or is closed": (
        f"{_INGRESS}::test_a_database_in_trouble_is_a_503_and_the_same_event_is_applied_after_recovery",
    ),
    "no connection is left": (
        f"{_INGRESS}::test_a_database_in_trouble_is_a_503_and_the_same_event_is_applied_after_recovery",
    ),
    "the database is told to hurry": (f"{_INGRESS}::test_a_short_time_limit_of_the_database_does_not_count",),
    "a topic is deleted and made again": (
        "integration/test_topics_recreated::test_a_topic_recreated_under_a_running_consumer_is_read_from_its_start",
        "integration/test_topics_recreated::test_a_topic_recreated_without_a_running_consumer_is_read_from_its_start",
        "integration/test_topics_recreated::test_a_deleted_topic_blocks_and_its_lag_stays_until_it_is_recreated",
    ),
    "a mail server refuses for hours, or for good": (
        "integration/test_escalation_mail_trouble::test_ten_hours_of_trouble_end_no_alert_that_is_still_needed",
        "integration/test_escalation_mail_trouble::test_a_server_that_refuses_everyone_ends_no_alert_and_is_reported",
    ),
    "mail is accepted and comes back": (
        "integration/test_escalation_bounces::test_a_returned_message_marks_the_address_and_fails_the_delivery_once",
    ),
    "the supervisor is killed": ("integration/test_local_processes::test_a_child_ends_when_its_parent_is_killed",),
    "two installations share a folder": (
        "integration/test_machine::test_all_parts_start_in_one_folder_and_nothing_is_left_afterwards",
    ),
    "everything is killed under load": (
        "faults/test_faults::test_nothing_is_lost_or_doubled_while_processes_and_connections_break",
        "end_to_end/test_imports::test_a_kill_of_each_service_in_the_middle_of_an_import_loses_and_doubles_nothing",
    ),
    "a command works on another installation": (
        "adapters/test_command_installations::test_no_command_falls_back_to_a_port_of_another_program",
    ),
}
_SIZE: Mapping[str, tuple[str, ...]] = {
    "somebody has thousands of open episodes": (
        "integration/test_inbox_episodes::test_five_hundred_episodes_are_paged_and_searchable",
    ),
    "thousands of orders are at risk at once": (
        "integration/test_escalation_storms::"
        "test_a_thousand_signals_on_forty_sellers_are_forty_lists_and_the_first_few_of_each",
    ),
    "a customer has thousands of orders": ("integration/test_known_accounts::test_the_memory_for_accounts_is_bounded",),
    "a customer has ten thousand facts": (
        "integration/test_accounts_set_aside::test_a_batch_whose_computing_outlasts_the_session_is_halved_until_it_passes",
        "integration/test_accounts_set_aside::test_an_account_that_takes_too_long_is_set_aside_and_the_others_go_on",
    ),
}
ATTACKS: Mapping[str, tuple[str, ...]] = {**_WAY_IN, **_WHO_MAY, **_WORDS, **_REQUESTS, **_SERVERS, **_SIZE}
