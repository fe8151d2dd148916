-- Why: people who want no more messages are a leak of their own in the picture of the voyage, which reads other modules by their views only.

create view v_opt_out with (security_invoker = true) as
  select tenant_id, person_id, line, since, until from opt_out;
grant select on v_opt_out to qz_app;
create index opt_out_since on opt_out (tenant_id, since);
