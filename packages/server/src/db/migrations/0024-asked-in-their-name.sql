-- Whoever asked by a way into the requester's account that they opened, and so may have asked themselves: they do not decide.
alter table request add column opened_by bigint references person;
